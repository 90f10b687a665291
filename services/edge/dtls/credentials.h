// What all workers share of the DTLS stage: certificate and key, ticket keys, the cookie secret.
//
// Threading: any; ReloadIfChanged from one thread at a time. This is the one place of the stage
// where threads meet, so it and its parts hold the stage's only locks; the workers take them once
// a handshake. Ownership: main owns it and it outlives the workers; identities are shared, so a
// handshake that began before a reload ends with the certificate it began with.
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

/// Certificate and key come one after the other, by whatever tool; so long it may be at it.
inline constexpr std::chrono::seconds kRenewalTime{5};

class Credentials {
 public:
  /// Loads the files; warnings are in identity()->warnings(). `random` becomes the object's own.
  static Result<std::unique_ptr<Credentials>, IdentityError> Load(IdentityFiles files,
                                                                  std::unique_ptr<Random> random);

  enum class Reload : uint8_t { kUnchanged, kReloaded };
  /// Looks whether a file changed (by inode, size and time of change) and if so loads both. Files
  /// that cannot be used are a renewal caught in the middle at first, and kUnchanged; kRenewalTime
  /// later they are reported, once, and the identity in use stays. New handshakes use the new one.
  /// Costs two stat() calls when nothing changed.
  Result<Reload, IdentityError> ReloadIfChanged(TimePoint now);

  /// The identity for new handshakes. Never null.
  std::shared_ptr<const Identity> identity() const;
  /// Grows with each reload: tells cheaply whether identity() changed.
  uint64_t revision() const { return revision_.load(std::memory_order_acquire); }

  /// A client was refused since it has no extended master secret: whoever writes the log asks.
  void NoteRefusedWithoutExtendedMasterSecret() {
    refused_without_extended_master_secret_.fetch_add(1, std::memory_order_relaxed);
  }
  /// How many were refused so, by all workers.
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
  // The loading thread's: the files as last looked at, and since when they cannot be used.
  Stamps stamps_;
  std::optional<TimePoint> bad_since_;
  bool reported_ = false;
  mutable Mutex mutex_;
  std::shared_ptr<const Identity> identity_ LOWBAND_GUARDED_BY(mutex_);
  std::atomic<uint64_t> revision_{1};
  std::atomic<uint64_t> refused_without_extended_master_secret_{0};
};

}  // namespace lowband::edge::dtls
