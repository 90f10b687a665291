// The progress of `lowband sync`: prints new events, then moves the cursor.
//
// Threading: main. Ownership: borrows options and summary, which outlive it.
#pragma once

#include <string>

#include "libs/base/result.h"
#include "libs/client/event.h"
#include "tools/lowband/sync.h"
#include "tools/lowband/sync_batch.h"
#include "tools/lowband/sync_cursor.h"
#include "tools/lowband/sync_summary.h"

namespace lowband::tools {

class SyncProgress {
 public:
  /// Reads the cursor file. Throws UsageError naming it.
  SyncProgress(const SyncOptions& options, SyncSummary& summary);

  /// The position up to which all events are printed; empty at the very beginning.
  const SyncPosition& since() const { return since_; }
  /// The homeserver no longer knows the position. That of the to-device messages stays.
  void BeginAnew() { since_.next.clear(); }
  /// True if `answer`, a success, had a batch. A batch that ends at the last position is not
  /// printed. The error names the fault of the answer or of standard output; then the cursor stays.
  /// Throws UsageError when the cursor file cannot be written.
  Result<bool, std::string> Take(TimePoint now, const client::Response& answer);

 private:
  const SyncOptions& options_;
  SyncSummary& summary_;
  SyncPosition since_;
  RecentEvents recent_;
};

}  // namespace lowband::tools
