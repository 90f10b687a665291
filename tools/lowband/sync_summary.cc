#include "tools/lowband/sync_summary.h"

#include <array>
#include <cstdio>

namespace lowband::tools {
namespace {

constexpr std::chrono::minutes kMinute{1};

std::string Ratio(uint64_t bytes, uint64_t count) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.1f",
                static_cast<double>(bytes) / static_cast<double>(count));
  return out.data();
}

}  // namespace

// Ends the minutes that are over.
void SyncSummary::Reach(TimePoint now) {
  while (now - minute_begin_ >= kMinute) {
    if (!minute_busy_) {
      ++idle_minutes_;
      idle_bytes_ += minute_bytes_;
    }
    minute_begin_ += kMinute;
    minute_bytes_ = 0;
    minute_busy_ = false;
  }
}

void SyncSummary::NoteDatagram(TimePoint now, bool sent, size_t bytes, unsigned headers) {
  Reach(now);
  ++(sent ? datagrams_sent_ : datagrams_received_);
  (sent ? bytes_sent_ : bytes_received_) += bytes;
  header_bytes_ += headers;
  minute_bytes_ += bytes;
}

void SyncSummary::NoteBatch(TimePoint now, uint64_t events) {
  Reach(now);
  ++batches_;
  events_ += events;
  minute_busy_ = true;
}

std::string SyncSummary::Text(TimePoint now) {
  Reach(now);
  const uint64_t bytes = bytes_sent_ + bytes_received_;
  const auto number = [](uint64_t value) { return std::to_string(value); };
  std::string text =
      "* " + number(batches_) + " batches, " + number(events_) + " events, " + number(reconnects_) +
      " reconnects" + (gaps_ == 0 ? "" : ", " + number(gaps_) + " gaps") + "\n* " +
      number(bytes_sent_) + " B sent in " + number(datagrams_sent_) + ", " +
      number(bytes_received_) + " B received in " + number(datagrams_received_) + " datagrams; " +
      number(bytes + header_bytes_) + " B with IP and UDP headers\n* ";
  text += events_ == 0 ? "no event" : Ratio(bytes, events_) + " B per event";
  text += idle_minutes_ == 0 ? ", no idle minute"
                             : ", " + Ratio(idle_bytes_, idle_minutes_) +
                                   " B per idle minute (of " + number(idle_minutes_) + ")";
  return text + "\n";
}

}  // namespace lowband::tools
