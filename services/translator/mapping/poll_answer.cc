#include "services/translator/mapping/poll_answer.h"

#include <string>
#include <utility>

#include "libs/coap/code.h"
#include "services/translator/mapping/cursor.h"
#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/sliding_answer.h"
#include "services/translator/mapping/sync_answer.h"

namespace lowband::translator::mapping {
namespace {

ingress::ExchangeAnswer Unchanged() {
  ingress::ExchangeAnswer answer;
  answer.head.set_code(coap::kContent.value);
  answer.head.mutable_poll()->set_outcome(v1::Poll::UNCHANGED);
  return answer;
}

std::optional<SyncAnswer> ReadAnswer(Route route, std::string_view json) {
  return route == Route::kSlidingSync ? ReadSlidingAnswer(json) : ReadSyncAnswer(json);
}

}  // namespace

v1::Poll FailedPoll(uint32_t retry_after_s) {
  v1::Poll poll;
  poll.set_outcome(v1::Poll::FAILED);
  poll.set_retry_after_s(retry_after_s);
  return poll;
}

ingress::ExchangeAnswer PollAnswer(const AnswerForm& form, const PollForm& poll,
                                   coap::CodeSet codes, const HttpResponse& response) {
  // Never a success without a sync result: the edge may pass it to the client as one.
  const auto failed = [&](std::string error) {
    ingress::ExchangeAnswer answer = ErrorAnswer(form, codes, {502, "M_UNKNOWN", std::move(error)});
    *answer.head.mutable_poll() = FailedPoll(0);
    return answer;
  };
  auto sync = response.status == 200 ? ReadAnswer(form.route, response.body) : std::nullopt;
  if (!sync) return failed("the homeserver's answer to a sync has no position to continue from");
  auto answer = JsonAnswer(form, codes, response.status, response.body);
  if (!answer) {
    return failed("the homeserver's answer cannot become CBOR: " + answer.error().Text());
  }
  if (!sync->news && poll.residue == sync->residue) return Unchanged();
  v1::Poll& changed = *answer->head.mutable_poll();
  changed.set_outcome(v1::Poll::CHANGED);
  changed.set_cursor(WriteCursor({std::move(sync->next_batch), sync->residue,
                                  Updated(poll.positions, std::move(sync->positions))}));
  return std::move(*answer);
}

v1::Poll PollOfError(const PollForm& poll, const HttpResponse& response, uint32_t retry_after_s) {
  const uint16_t status = response.status;
  const auto errcode = StringMember(response.body, "errcode");
  // Only a refused token is final: a locked account, a server limit or terms to accept may end one
  // day, and then the observation continues.
  const bool token_refused =
      status == 401 && (errcode == "M_UNKNOWN_TOKEN" || errcode == "M_MISSING_TOKEN");
  // The homeserver has ended the connection of sliding sync. Its client begins anew, which resets
  // state that only the client has: the windows of its lists, and the rooms it considers known.
  const bool position_unknown = status >= 400 && status < 500 && errcode == "M_UNKNOWN_POS";
  const bool passing = status == 401 || status == 403 || status == 408 || status == 429;
  // Later polls use our queries, not the client's, and a homeserver that accepted them before will
  // accept them again.
  const bool first = !poll.residue.has_value();
  const bool bad_query = first && status >= 400 && status < 500 && !passing;
  const bool ends = token_refused || position_unknown || bad_query;
  if (!errcode || !ends) return FailedPoll(retry_after_s);
  v1::Poll ended;
  ended.set_outcome(v1::Poll::ENDED);
  return ended;
}

}  // namespace lowband::translator::mapping
