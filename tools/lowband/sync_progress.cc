#include "tools/lowband/sync_progress.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/lowband/request_message.h"
#include "tools/lowband/sliding_batch.h"
#include "tools/lowband/sync_session.h"

namespace lowband::tools {

SyncProgress::SyncProgress(const SyncOptions& options, SyncSummary& summary)
    : options_(options), summary_(summary) {
  if (!options.cursor_file.empty()) since_ = ReadCursor(options.cursor_file);
}

Result<bool, std::string> SyncProgress::Take(TimePoint now, const client::Response& answer) {
  const auto json = BodyAsJson(answer);
  if (!json) return Failure(std::string("the answer is neither CBOR nor JSON"));
  const auto format = options_.json ? SyncFormat::kJson : SyncFormat::kLines;
  const auto batch = options_.sliding ? ReadSlidingBatch(*json, format) : ReadBatch(*json, format);
  if (!batch) return Failure("the answer is no sync result: " + batch.error());
  if (batch->next_batch.empty() || batch->next_batch == since_.next) return false;
  uint64_t printed = 0;
  std::string out;
  for (const SyncEvent& event : batch->events) {
    if (!event.event_id.empty() && !recent_.Add(event.event_id)) continue;
    out += event.line + "\n";
    ++printed;
  }
  const bool written = std::fwrite(out.data(), 1, out.size(), stdout) == out.size();
  if (!written || std::fflush(stdout) != 0) {
    return Failure(std::string("cannot write to standard output: ") + std::strerror(errno));
  }
  const bool first = since_.next.empty();
  for (const std::string& line : GapLines(batch->gaps, first)) Notice(line);
  summary_.NoteGaps(first ? 0 : batch->gaps.size());
  since_.next = batch->next_batch;
  if (!batch->to_device.empty()) since_.to_device = batch->to_device;
  if (!options_.cursor_file.empty()) WriteCursor(options_.cursor_file, since_);
  summary_.NoteBatch(now, printed);
  return true;
}

}  // namespace lowband::tools
