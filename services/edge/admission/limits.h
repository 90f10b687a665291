// The fixed limits of what is admitted; those an operator can set are in admission.h.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/base/time.h"

namespace lowband::edge::admission {

/// Upper bounds of the settings.
inline constexpr size_t kSessionsMax = 10'000'000;
inline constexpr size_t kHandshakesMax = 1'000'000;

/// A network that has over an eighth of all that fit, and more than a household, makes room even
/// with what is in use.
inline constexpr size_t kHogMin = 8;
constexpr bool IsHog(size_t held, size_t max) { return held > kHogMin && held * 8 > max; }

/// A /48 of IPv6 may begin so many times the handshakes of one of its /56, of which it has 256.
inline constexpr size_t kHandshakesOfANetworkFactor = 8;
/// Prefixes whose handshakes, or alerts, are counted; the one idle longest makes room.
inline constexpr size_t kPrefixesMax = 65'536;

/// Alerts about stale sessions: one for an address in this time...
inline constexpr Duration kStaleAlertInterval = std::chrono::seconds(10);
/// ...so many a second, and at once, for a prefix: that may be a carrier's address translation...
inline constexpr size_t kStaleAlertsOfAPrefixPerSecond = 20;
inline constexpr size_t kStaleAlertsOfAPrefixAtOnce = 200;
/// ...and in all so many that every client of a full table is told within this time after a crash,
/// but so many a second at least. More, up to the next, while those who are told do not come back.
inline constexpr std::chrono::seconds kStaleAlertsForAll{60};
inline constexpr size_t kStaleAlertsPerSecondMin = 100;
inline constexpr size_t kStaleAlertsPerSecondMax = 1'000'000;
/// How often that is looked at.
inline constexpr std::chrono::seconds kStaleAlertsPeriod{1};
/// Addresses remembered for that they were told; the one told first is forgotten.
inline constexpr size_t kStaleAlertAddressesMax = 65'536;

/// Accounts that hold nothing, kept for the next ones; of each ledger, or sixteenth of all tokens.
inline constexpr size_t kSpareAccountsMax = 64;

}  // namespace lowband::edge::admission
