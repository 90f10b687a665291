// The requests of a load run: operations with weights.
//
// Threading: immutable once made; any thread. Ownership: main makes it, workers borrow it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "libs/base/result.h"
#include "libs/client/event.h"
#include "tools/lowband/request_message.h"
#include "tools/lowband/url.h"

namespace lowband::tools {

/// One kind of request. {n} in its path or query becomes a number unique to each request of the
/// run, {run} six hexadecimal digits of this run.
class LoadOperation {
 public:
  LoadOperation(std::string name, unsigned weight, client::Request request, const std::string& run);

  client::Request Make(uint64_t number) const;
  const std::string& name() const { return name_; }
  unsigned weight() const { return weight_; }
  bool has_number() const { return !numbered_.empty(); }

 private:
  std::string name_;
  unsigned weight_;
  client::Request request_;
  std::vector<size_t> numbered_;  ///< Options that hold {n}.
};

/// The operations in the form of the command line.
struct PlanOptions {
  /// A name of NamedOperations(), or "[WEIGHT*]METHOD PATH[?QUERY] [BODY]", BODY as ReadData
  /// reads it.
  std::vector<std::string> operations;
  std::vector<std::string> gets, puts, posts, deletes;  ///< Paths.
  std::string data;                                     ///< Body of every --put and --post.
  MessageOptions message;                               ///< Headers, key table, codes of paths.
};

struct NamedOperation {
  std::string_view name;
  std::string_view text;
};
/// The operations that scripts/bench compares.
std::span<const NamedOperation> NamedOperations();

class LoadPlan {
 public:
  /// `base` is the URL of the server, whose path is a prefix of every path. `run` identifies the
  /// run. The error names the operation.
  static Result<LoadPlan, std::string> Make(const PlanOptions& options, const Url& base,
                                            const std::string& run);

  /// In the proportion of the weights, the same sequence each time: `turn` counts up.
  const LoadOperation& Pick(uint64_t turn) const;
  std::span<const LoadOperation> operations() const { return operations_; }

 private:
  std::vector<LoadOperation> operations_;
  std::vector<size_t> order_;  ///< Indexes, each as often as its weight, interleaved.
};

}  // namespace lowband::tools
