#include "services/translator/mapping/query.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "services/translator/mapping/percent.h"

namespace lowband::translator::mapping {
namespace {

constexpr std::string_view kTimeout = "timeout";
constexpr std::string_view kAccessToken = "access_token";
constexpr std::string_view kFullState = "full_state";

}  // namespace

void Query::Add(std::string_view option) {
  if (option.empty()) return;
  const size_t equals = std::min(option.find('='), option.size());
  const bool has_value = equals < option.size();
  items_.push_back({option.substr(0, equals),
                    std::string(has_value ? option.substr(equals + 1) : std::string_view{})});
}

std::optional<std::string> Query::TakeAccessToken() {
  const auto is_token = [](const Item& item) { return item.name == kAccessToken; };
  const auto first = std::find_if(items_.begin(), items_.end(), is_token);
  if (first == items_.end()) return std::nullopt;
  std::string value = std::move(first->value);
  std::erase_if(items_, is_token);
  return value;
}

std::optional<uint64_t> Query::TimeoutMs() const {
  for (const Item& item : items_) {
    if (item.name != kTimeout) continue;
    uint64_t value = 0;
    const char* end = item.value.data() + item.value.size();
    const auto [stop, error] = std::from_chars(item.value.data(), end, value);
    if (stop != end || item.value.empty()) return std::nullopt;
    // A number beyond 64 bits is still a number, and a long wait.
    return error == std::errc::result_out_of_range ? UINT64_MAX : value;
  }
  return std::nullopt;
}

bool Query::AsksForAll() const {
  const auto continues = [](const Item& item) {
    return !item.value.empty() && (item.name == kSince || item.name == kPos);
  };
  const auto wants_state = [](const Item& item) {
    return item.name == kFullState && item.value == "true";
  };
  return std::ranges::none_of(items_, continues) || std::ranges::any_of(items_, wants_state);
}

void Query::SetTimeoutMs(uint64_t timeout_ms) {
  for (Item& item : items_) {
    if (item.name == kTimeout) item.value = std::to_string(timeout_ms);
  }
}

void Query::Resume(std::string_view name, std::string_view position, uint64_t timeout_ms) {
  std::erase_if(items_, [](const Item& item) { return item.name == kFullState; });
  SetOnly(name, std::string(position));
  SetOnly(kTimeout, std::to_string(timeout_ms));
}

/// Replaces the first one of that name, or appends it. `name` is a constant.
void Query::SetOnly(std::string_view name, std::string value) {
  const auto is_named = [name](const Item& item) { return item.name == name; };
  const auto first = std::find_if(items_.begin(), items_.end(), is_named);
  if (first == items_.end()) {
    items_.push_back({name, std::move(value)});
    return;
  }
  first->value = std::move(value);
  items_.erase(std::remove_if(first + 1, items_.end(), is_named), items_.end());
}

void Query::AppendTo(std::string& target) const {
  char separator = '?';
  for (const Item& item : items_) {
    target.push_back(separator);
    AppendQueryPart(target, item.name);
    target.push_back('=');
    AppendQueryPart(target, item.value);
    separator = '&';
  }
}

}  // namespace lowband::translator::mapping
