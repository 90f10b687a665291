#include "tools/lowband/load_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <span>

#include "tools/lowband/data_files.h"

namespace lowband::tools {
namespace {

constexpr std::string_view kNumber = "{n}";
constexpr std::string_view kRun = "{run}";
constexpr unsigned kWeightMax = 1000;

constexpr std::string_view kRoom = "!TmaZBKYIFrIPVGoUYp:example.org";
constexpr std::array kNamed = {
    NamedOperation{"versions", "GET /_matrix/client/versions"},
    NamedOperation{"send",
                   "PUT /_matrix/client/r0/rooms/!TmaZBKYIFrIPVGoUYp:example.org/send/"
                   "m.room.message/m{run}.{n} {\"msgtype\":\"m.text\",\"body\":\"Hello World\"}"},
    NamedOperation{"sync", "GET /_matrix/client/r0/sync?since=s47_4_0_1_1_1_1_3_1&timeout=30000"},
    NamedOperation{"members",
                   "GET /_matrix/client/r0/rooms/!TmaZBKYIFrIPVGoUYp:example.org/members"},
    NamedOperation{"messages",
                   "GET /_matrix/client/r0/rooms/!TmaZBKYIFrIPVGoUYp:example.org/messages"
                   "?dir=b&limit=200"},
};
static_assert(kNamed[3].text.find(kRoom) != std::string_view::npos);

bool IsText(coap::OptionNumber number) {
  return number == coap::OptionNumber::kUriPath || number == coap::OptionNumber::kUriQuery;
}

void Replace(Bytes& value, std::string_view from, std::string_view to) {
  std::string text(AsText(value));
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  value.assign(text.begin(), text.end());
}

// Removes the word before the first space from `text`.
std::string_view TakeWord(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

struct Parsed {
  unsigned weight = 1;
  std::string method;
  std::string path;
  std::string data;
};

Result<Parsed, std::string> ParseOperation(std::string_view text) {
  Parsed parsed;
  std::string_view head = TakeWord(text);
  if (const size_t star = head.find('*'); star != std::string_view::npos) {
    const auto [end, error] = std::from_chars(head.data(), head.data() + star, parsed.weight);
    if (error != std::errc() || end != head.data() + star || parsed.weight == 0 ||
        parsed.weight > kWeightMax) {
      return Failure("the weight before \"*\" is no number from 1 to " +
                     std::to_string(kWeightMax));
    }
    head.remove_prefix(star + 1);
  }
  parsed.method = head;
  parsed.path = TakeWord(text);
  parsed.data = text;
  return parsed;
}

Result<LoadOperation, std::string> MakeOperation(const std::string& name, const Parsed& parsed,
                                                 const PlanOptions& options, const Url& base,
                                                 const std::string& run) {
  if (!parsed.path.starts_with('/')) return Failure(std::string("its path begins with no \"/\""));
  auto url = ParseUrl("coaps://host" + parsed.path);
  if (!url) return Failure(url.error());
  url->path.insert(url->path.begin(), base.path.begin(), base.path.end());
  MessageOptions message = options.message;
  message.no_response = false;  // The run counts answers.
  message.method = parsed.method;
  message.token.clear();  // only the first request of each session carries it
  const Bytes body = parsed.data.empty() ? Bytes{} : ReadData(parsed.data);
  auto built = BuildRequest(message, *url, body);
  if (!built) return Failure(built.error());
  return LoadOperation(name, parsed.weight, std::move(built->request), run);
}

// One turn of a weighted round robin: heavy operations are spread evenly between light ones.
std::vector<size_t> Interleave(std::span<const LoadOperation> operations) {
  std::vector<int64_t> credit(operations.size(), 0);
  int64_t total = 0;
  for (const LoadOperation& operation : operations) total += operation.weight();
  std::vector<size_t> order;
  for (int64_t turn = 0; turn < total; ++turn) {
    for (size_t i = 0; i < operations.size(); ++i) credit[i] += operations[i].weight();
    const size_t chosen = static_cast<size_t>(std::ranges::max_element(credit) - credit.begin());
    credit[chosen] -= total;
    order.push_back(chosen);
  }
  return order;
}

}  // namespace

std::span<const NamedOperation> NamedOperations() { return kNamed; }

LoadOperation::LoadOperation(std::string name, unsigned weight, client::Request request,
                             const std::string& run)
    : name_(std::move(name)), weight_(weight), request_(std::move(request)) {
  for (size_t i = 0; i < request_.options.size(); ++i) {
    client::OutgoingOption& option = request_.options[i];
    if (!IsText(option.number)) continue;
    Replace(option.value, kRun, run);
    if (AsText(option.value).find(kNumber) != std::string_view::npos) numbered_.push_back(i);
  }
}

client::Request LoadOperation::Make(uint64_t number) const {
  client::Request request = request_;
  // Always of one length, so that all requests of a kind have one size.
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%07llu", static_cast<unsigned long long>(number));
  for (const size_t i : numbered_) Replace(request.options[i].value, kNumber, digits.data());
  return request;
}

Result<LoadPlan, std::string> LoadPlan::Make(const PlanOptions& options, const Url& base,
                                             const std::string& run) {
  LoadPlan plan;
  const auto add = [&](const std::string& name,
                       const Result<Parsed, std::string>& parsed) -> std::optional<std::string> {
    if (!parsed) return "--operation \"" + name + "\": " + parsed.error();
    auto operation = MakeOperation(name, *parsed, options, base, run);
    if (!operation) return "\"" + name + "\": " + operation.error();
    plan.operations_.push_back(std::move(*operation));
    return std::nullopt;
  };
  for (const std::string& text : options.operations) {
    const auto* const named = std::ranges::find(kNamed, text, &NamedOperation::name);
    if (auto problem = add(
            text, ParseOperation(named == kNamed.end() ? std::string_view(text) : named->text))) {
      return Failure(*problem);
    }
  }
  const std::array<std::pair<const char*, const std::vector<std::string>*>, 4> simple = {
      {{"GET", &options.gets},
       {"PUT", &options.puts},
       {"POST", &options.posts},
       {"DELETE", &options.deletes}}};
  for (const auto& [method, paths] : simple) {
    const bool has_body = paths == &options.puts || paths == &options.posts;
    for (const std::string& path : *paths) {
      const Parsed parsed{1, method, path, has_body ? options.data : ""};
      if (auto problem = add(std::string(method) + " " + path, parsed)) return Failure(*problem);
    }
  }
  if (plan.operations_.empty()) {
    return Failure(
        std::string("no operation was given: --operation, --get, --put, --post or "
                    "--delete"));
  }
  plan.order_ = Interleave(plan.operations_);
  return plan;
}

const LoadOperation& LoadPlan::Pick(uint64_t turn) const {
  return operations_[order_[turn % order_.size()]];
}

}  // namespace lowband::tools
