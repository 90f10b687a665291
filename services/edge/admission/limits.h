// The fixed limits of admission; admission.h has those that an operator can set.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/base/time.h"

namespace lowband::edge::admission {

/// Upper bounds of the settings.
inline constexpr size_t kSessionsMax = 10'000'000;
inline constexpr size_t kHandshakesMax = 1'000'000;

/// A network that holds over an eighth of the maximum, and more than a household needs, makes room
/// even with holdings that are in use.
inline constexpr size_t kHogMin = 8;
constexpr bool IsHog(size_t held, size_t max) { return held > kHogMin && held * 8 > max; }

/// An IPv6 /48 may begin this many times the handshakes of one /56, of which it has 256.
inline constexpr size_t kHandshakesOfANetworkFactor = 8;
/// Prefixes whose handshakes, or alerts, are counted; the one that was idle longest makes room.
inline constexpr size_t kPrefixesMax = 65'536;

/// Alerts about stale sessions: one per address in this time...
inline constexpr Duration kStaleAlertInterval = std::chrono::seconds(10);
/// ...per prefix, which may be a carrier's NAT, at this rate and with this burst...
inline constexpr size_t kStaleAlertsOfAPrefixPerSecond = 20;
inline constexpr size_t kStaleAlertsOfAPrefixAtOnce = 200;
/// ...and in total enough to alert all clients of a full table within this time after a crash. The
/// rate per second has this minimum; it rises to this maximum while few clients come back.
inline constexpr std::chrono::seconds kStaleAlertsForAll{60};
inline constexpr size_t kStaleAlertsPerSecondMin = 100;
inline constexpr size_t kStaleAlertsPerSecondMax = 1'000'000;
/// The rate is adapted once in this time.
inline constexpr std::chrono::seconds kStaleAlertsPeriod{1};
/// Addresses remembered because they got an alert; the oldest is forgotten.
inline constexpr size_t kStaleAlertAddressesMax = 65'536;

/// Empty accounts kept for reuse, per ledger and per shard of the token table.
inline constexpr size_t kSpareAccountsMax = 64;

}  // namespace lowband::edge::admission
