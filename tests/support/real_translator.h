// The real translator's words: what its mapping says of a request, for a homeserver that a test
// scripts. Stubs of the translator in the edge's tests are held against it, so that no test rests
// on an answer that no translator gives.
//
// Threading: one thread. Ownership: values.
#pragma once

#include <functional>
#include <string>

#include "lowband/v1/translator.pb.h"
#include "services/translator/mapping/mapping.h"

namespace lowband::testing {

/// What a homeserver says, or why it says nothing.
using ScriptedHomeserver =
    std::function<Result<translator::mapping::HttpResponse, translator::mapping::UpstreamFault>(
        const translator::mapping::HttpRequest&)>;

translator::mapping::HttpResponse JsonResponse(uint16_t status, std::string body);

/// The real mapping in front of a scripted homeserver; the answer has its body whole.
class RealTranslator {
 public:
  explicit RealTranslator(ScriptedHomeserver homeserver);
  v1::Answer operator()(const v1::Request& request) const;

 private:
  translator::mapping::Mapping mapping_;
  ScriptedHomeserver homeserver_;
};

/// A homeserver that wants a token: 401 M_MISSING_TOKEN without one, 401 M_UNKNOWN_TOKEN with
/// another than `accepted`, else 200 and `{}`.
ScriptedHomeserver HomeserverThatAccepts(std::string accepted);

/// Empty, or what a stub's answer to `request` says that no translator says of such a request: of
/// its token, and of a poll. The path may be a stub's own ("a"); its code counts with those words.
/// `said_observable`: the stub has said so of the request. A stub that does not say whether the
/// token was taken speaks as a translator of an earlier version.
std::string SaysMoreThanReal(const v1::Request& request, const v1::Answer& answer,
                             bool said_observable = false);

/// The same of an answer by a window: empty, or how its head differs from what the translator's own
/// queue writes of a body of that size.
std::string WindowedUnlikeReal(const v1::Request& request, const v1::Answer& answer);

}  // namespace lowband::testing
