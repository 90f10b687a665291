#include "services/edge/dtls/credentials.h"

#include <sys/stat.h>

#include <utility>

namespace lowband::edge::dtls {

Credentials::Stamps Credentials::Look(const IdentityFiles& files) {
  const auto look = [](const std::string& path) {
    struct stat found {};
    // Follows symbolic links: Kubernetes swaps one to bring a new secret.
    if (stat(path.c_str(), &found) != 0) return FileStamp{};
    return FileStamp{found.st_dev, found.st_ino, found.st_size, found.st_ctim.tv_sec,
                     found.st_ctim.tv_nsec};
  };
  return {look(files.certificate), look(files.key)};
}

Credentials::Credentials(Private, IdentityFiles files, std::unique_ptr<Random> random)
    : files_(std::move(files)),
      random_(std::move(random)),
      cookie_secret_(MakeCookieSecret(random_)),
      tickets_(random_),
      stamps_(Look(files_)) {}

Result<std::unique_ptr<Credentials>, IdentityError> Credentials::Load(
    IdentityFiles files, std::unique_ptr<Random> random) {
  // The stamps are taken before the files are read, so a change in between is found later.
  auto credentials = std::make_unique<Credentials>(Private(), std::move(files), std::move(random));
  auto identity = Identity::Load(credentials->files_, credentials->random_);
  if (!identity) return Failure(std::move(identity.error()));
  const MutexLock lock(credentials->mutex_);
  credentials->identity_ = std::move(*identity);
  return credentials;
}

Result<Credentials::Reload, IdentityError> Credentials::ReloadIfChanged(TimePoint now) {
  const Stamps stamps = Look(files_);
  const bool changed = stamps != stamps_;
  const bool to_report = bad_since_ && !reported_ && now - *bad_since_ >= kRenewalTime;
  if (!changed && !to_report) return Reload::kUnchanged;
  stamps_ = stamps;
  auto identity = Identity::Load(files_, random_);
  if (!identity) {
    if (!bad_since_ || reported_) bad_since_ = now;  // a renewal that begins
    reported_ = now - *bad_since_ >= kRenewalTime;
    if (!reported_) return Reload::kUnchanged;
    return Failure(std::move(identity.error()));
  }
  bad_since_.reset();
  reported_ = false;
  {
    const MutexLock lock(mutex_);
    identity_ = std::move(*identity);
  }
  revision_.fetch_add(1, std::memory_order_release);
  return Reload::kReloaded;
}

std::shared_ptr<const Identity> Credentials::identity() const {
  const MutexLock lock(mutex_);
  return identity_;
}

}  // namespace lowband::edge::dtls
