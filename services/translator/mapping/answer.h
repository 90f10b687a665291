// The CoAP answer: code, exact status, label and body in the form the client wants.
//
// Threading: free functions; any thread. Spec: RFC 7252 §5.9, RFC 8075 §7, RFC 8516; protocol rules
// "Methods and codes" and "Content".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/coap/status.h"
#include "libs/transcode/transcode.h"
#include "lowband/v1/translator.pb.h"
#include "services/translator/ingress/exchange_answer.h"
#include "services/translator/mapping/content.h"
#include "services/translator/mapping/extension_positions.h"
#include "services/translator/mapping/refusal.h"
#include "services/translator/mapping/route.h"

namespace lowband::translator::mapping {

/// The part of a poll of an observation that its answer needs.
struct PollForm {
  /// Residue of the client's last answer, from the cursor; none: the first poll.
  std::optional<uint64_t> residue;
  /// From the cursor too; none at the first poll.
  ExtensionPositions positions = {};
};

/// The part of a request that its answer needs.
struct AnswerForm {
  Route route = Route::kOther;
  bool cbor = true;                              ///< Otherwise JSON.
  Compression compression = Compression::kNone;  ///< If that is shorter.
  transcode::KeyTable keys = transcode::KeyTable::kV1;
  /// Limits of the client's CBOR reader.
  transcode::ReaderLimits reader = transcode::kDeployedReader;
  bool had_token = false;    ///< The request had one, from the edge or in its query.
  bool edge_token = false;   ///< The edge's token was used; a 401 can end it.
  bool needs_token = false;  ///< By route and method: a success proves that the token was accepted.
  bool repeatable = true;    ///< May be carried out twice: all but POST, and polls.
  std::optional<PollForm> poll;                  ///< Only for polls of an observation.
  std::vector<std::string> known_versions = {};  ///< Versions that the client has: ETag options.
};

/// A JSON document as the body. Values that CBOR or the client's reader cannot represent are
/// replaced (json_mend.h). Fails if it is not JSON, or too large; JSON clients get the text
/// unparsed.
Result<ingress::ExchangeAnswer, transcode::Error> JsonAnswer(const AnswerForm& form,
                                                             coap::CodeSet codes,
                                                             uint16_t http_status,
                                                             std::string_view json);
/// Unchanged bytes, labelled as octets or text.
ingress::ExchangeAnswer PlainAnswer(coap::CodeSet codes, uint16_t http_status,
                                    uint16_t content_format, std::string_view body);
/// A Matrix error. `retry_after_s` goes into the body in milliseconds, and into Max-Age.
ingress::ExchangeAnswer ErrorAnswer(const AnswerForm& form, coap::CodeSet codes,
                                    const Refusal& refusal,
                                    std::optional<uint32_t> retry_after_s = std::nullopt);
/// Compresses the finished body, if it is a document and becomes shorter.
void CompressBody(Compression compression, ingress::ExchangeAnswer& answer);
/// 4.29 and 5.03 carry Max-Age (RFC 8516 §2, RFC 8075 §7); other codes none.
void SetMaxAge(ingress::ExchangeAnswer& answer, uint32_t retry_after_s);

}  // namespace lowband::translator::mapping
