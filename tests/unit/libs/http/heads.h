// What the tests of request heads have in common.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "libs/http/request_head.h"

namespace lowband::http {

/// "refused 400 host: no Host", "not yet", or all that was read.
inline std::string Outcome(std::string_view bytes) {
  const auto head = ParseRequestHead(bytes);
  if (!head) {
    const Refusal& refusal = head.error();
    return "refused " + std::to_string(refusal.status) + " " +
           std::string(Text(refusal.fault)).append(": ").append(refusal.text);
  }
  if (!*head) return "not yet";
  std::string out = (*head)->method + " " + (*head)->target + ((*head)->http10 ? " 1.0" : " 1.1");
  for (const Field& field : (*head)->fields) {
    out.append("\n").append(field.name).append(": ").append(field.value);
  }
  return out + "\nform " + std::to_string(static_cast<int>((*head)->body)) + " length " +
         std::to_string((*head)->content_length) + " keep " + std::to_string((*head)->keep_alive) +
         " expects " + std::to_string((*head)->expects_continue) + " size " +
         std::to_string((*head)->size);
}

/// However a head arrives, its outcome is that of the whole as soon as there is one.
inline void ExpectSameOfEveryPrefix(std::string_view whole, size_t step = 1) {
  const std::string outcome = Outcome(whole);
  bool known = false;
  for (size_t size = 0; size < whole.size(); size += step) {
    const std::string so_far = Outcome(whole.substr(0, size));
    if (so_far == "not yet") {
      ASSERT_FALSE(known) << whole << "\nknown before, but not of " << size << " bytes";
      continue;
    }
    known = true;
    ASSERT_EQ(so_far, outcome) << whole << "\nof " << size << " bytes";
  }
}

}  // namespace lowband::http
