// The part of the DTLS stage that all workers share: certificate and key, ticket keys, the cookie
// secret.
//
// Threading: any; ReloadIfChanged from one thread at a time. Only here do threads share state of
// the stage, so its only locks are here; the workers take them once per handshake. Ownership: main
// owns the object, which outlives the workers; identities are shared, so a handshake that began
// before a reload ends with its first certificate.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "libs/base/mutex.h"
#include "libs/base/random.h"
#include "libs/base/result.h"
#include "libs/base/time.h"
#include "services/edge/dtls/cookie.h"
#include "services/edge/dtls/identity.h"
#include "services/edge/dtls/locked_random.h"
#include "services/edge/dtls/ticket_keys.h"

namespace lowband::edge::dtls {

/// A tool replaces certificate and key one after the other; this is the time for both.
inline constexpr std::chrono::seconds kRenewalTime{5};

class Credentials {
 public:
  /// Loads the files; warnings are in identity()->warnings().
  static Result<std::unique_ptr<Credentials>, IdentityError> Load(IdentityFiles files,
                                                                  std::unique_ptr<Random> random);

  enum class Reload : uint8_t { kUnchanged, kReloaded };
  /// Loads both files if one has changed (by inode, size and time of change); new handshakes use
  /// the new identity. If the files cannot be used, a renewal may be half done: the result is
  /// kUnchanged. After kRenewalTime it is an error, once, and the old identity stays. Costs two
  /// stat() calls if no file has changed.
  Result<Reload, IdentityError> ReloadIfChanged(TimePoint now);

  /// The identity for new handshakes. Never null.
  std::shared_ptr<const Identity> identity() const;
  /// Grows with each reload: a cheap test whether identity() has changed.
  uint64_t revision() const { return revision_.load(std::memory_order_acquire); }

  /// Counts a client that was refused because it lacks the extended master secret, for the log.
  void NoteRefusedWithoutExtendedMasterSecret() {
    refused_without_extended_master_secret_.fetch_add(1, std::memory_order_relaxed);
  }
  /// Clients that all workers have refused for this reason.
  uint64_t refused_without_extended_master_secret() const {
    return refused_without_extended_master_secret_.load(std::memory_order_relaxed);
  }

  TicketKeys& tickets() { return tickets_; }
  const CookieSecret& cookie_secret() const { return cookie_secret_; }

 private:
  /// A file as stat() sees it; zeros if there is none.
  struct FileStamp {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = 0;
    int64_t changed_s = 0;
    int64_t changed_ns = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
  };
  using Stamps = std::array<FileStamp, 2>;
  static Stamps Look(const IdentityFiles& files);

  struct Private {};  // Keeps the constructor to Load.

 public:
  Credentials(Private, IdentityFiles files, std::unique_ptr<Random> random);

 private:
  IdentityFiles files_;
  LockedRandom random_;
  CookieSecret cookie_secret_;
  TicketKeys tickets_;
  // The loading thread's: the files as last checked, and the time since which they are unusable.
  Stamps stamps_;
  std::optional<TimePoint> bad_since_;
  bool reported_ = false;
  mutable Mutex mutex_;
  std::shared_ptr<const Identity> identity_ LOWBAND_GUARDED_BY(mutex_);
  std::atomic<uint64_t> revision_{1};
  std::atomic<uint64_t> refused_without_extended_master_secret_{0};
};

}  // namespace lowband::edge::dtls
