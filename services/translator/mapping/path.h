// Uri-Path options to the path of the HTTP request: path enums and literal paths, checked and
// percent-encoded.
//
// A first segment that is a code of libs/transcode/path_table.h stands for its path; the next
// segments fill its placeholders in turn, surplus ones are dropped. Any other first segment begins
// a literal path. The result begins with an allowed prefix, and a server that decodes it once more
// or resolves dot segments cannot read it as another path.
//
// Threading: free functions; any thread. Limits: limits.h. Spec: RFC 7252 §6.5, RFC 3986 §3.3,
// MSC3079 appendix B, docs/protocol.md "Paths and queries".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "services/translator/mapping/config.h"
#include "services/translator/mapping/refusal.h"
#include "services/translator/mapping/route.h"

namespace lowband::translator::mapping {

struct MappedPath {
  std::string target;  ///< Begins with '/'; no query.
  Route route = Route::kOther;
};

/// `segments` are the options' values as received. `allow_paths`: MappingConfig's.
Result<MappedPath, Refusal> MapPath(std::span<const std::string_view> segments, EnumApi api,
                                    std::string_view allow_paths = {});

/// Whether `path` begins with one of `allow_paths`.
bool IsAmong(std::string_view allow_paths, std::string_view path);

}  // namespace lowband::translator::mapping
