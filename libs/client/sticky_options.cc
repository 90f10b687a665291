#include "libs/client/sticky_options.h"

#include "libs/client/options.h"

namespace lowband::client {

bool StickyOptions::Knows(const OutgoingOption& option) const {
  for (size_t i = 0; i < kNumbers.size(); ++i) {
    if (option.number == kNumbers[i]) return values_[i].known && values_[i].said == option.value;
  }
  return false;
}

StickyOptions::Said StickyOptions::Say(const std::vector<OutgoingOption>& options) {
  Said said{};
  for (size_t i = 0; i < kNumbers.size(); ++i) {
    const Bytes* option = FindOption(options, kNumbers[i]);
    Value& value = values_[i];
    if (option == nullptr || Knows({kNumbers[i], *option})) continue;
    said[i] = true;
    value.changed = value.changed || (value.said && value.said != *option);
    value.known = value.known && !value.changed;
    value.said = *option;
  }
  return said;
}

void StickyOptions::Acknowledged(const Said& said) {
  for (size_t i = 0; i < kNumbers.size(); ++i) {
    if (said[i]) values_[i].known = !values_[i].changed;
  }
}

void StickyOptions::Refused() {
  for (Value& value : values_) value.known = false;
}

}  // namespace lowband::client
