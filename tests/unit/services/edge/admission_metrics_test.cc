#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "services/edge/metrics.h"

namespace lowband::edge {
namespace {

using admission::Holder;
using admission::Network;
using admission::Standing;
using Verdict = admission::Ledger::Verdict;

std::string TextOf(const admission::RequestLedgers& ledgers) {
  MetricSet metrics("lowband_edge_");
  SetAdmissionMetrics(metrics, ledgers);
  return metrics.Text();
}

void ExpectLine(const std::string& text, std::string_view line) {
  EXPECT_NE(text.find("\nlowband_edge_" + std::string(line) + "\n"), std::string::npos)
      << line << " is not in\n"
      << text;
}

// Each ledger with an amount of its own, so that none stands under another's name.
TEST(AdmissionMetrics, HeldOfEachLedgerThenUnderItsNameByStanding) {
  admission::RequestLedgers ledgers(admission::RequestLimits{});
  size_t amount = 0;
  for (const auto& named : admission::kRequestLedgers) {
    admission::Ledger& ledger = ledgers.*named.ledger;
    ++amount;
    ASSERT_EQ(ledger.Take({Network{1}, Standing::kUnproven, 0}, amount), Verdict::kFits);
    ASSERT_EQ(ledger.Take({Network{2}, Standing::kProven, 0}, 100 + amount), Verdict::kFits);
  }
  const std::string text = TextOf(ledgers);
  amount = 0;
  for (const auto& named : admission::kRequestLedgers) {
    ++amount;
    const std::string of = "of=\"" + std::string(named.name) + "\"";
    const std::string max = std::to_string((ledgers.*named.ledger).max());
    ExpectLine(text, "admission_held{" + of + ",standing=\"unproven\"} " + std::to_string(amount));
    ExpectLine(text,
               "admission_held{" + of + ",standing=\"proven\"} " + std::to_string(100 + amount));
    ExpectLine(text, "admission_limit{" + of + "} " + max);
    ExpectLine(text, "admission_networks{" + of + "} 2");
    ExpectLine(text, "admission_contended_total{" + of + ",result=\"made_room\"} 0");
    ExpectLine(text, "admission_contended_total{" + of + ",result=\"refused\"} 0");
  }
}

TEST(AdmissionMetrics, HeldByTheMessageLayersThenUnderItsName) {
  admission::MessageLedgers ledgers({.confirmables = 8, .answer_bytes = 9});
  ASSERT_EQ(ledgers.confirmables.Take({Network{1}, Standing::kUnproven, 0}, 1), Verdict::kFits);
  ASSERT_EQ(ledgers.answers.Take({Network{1}, Standing::kProven, 0}, 2), Verdict::kFits);
  MetricSet metrics("lowband_edge_");
  SetAdmissionMetrics(metrics, ledgers);
  const std::string text = metrics.Text();
  ExpectLine(text, R"(admission_held{of="confirmables",standing="unproven"} 1)");
  ExpectLine(text, "coap_kept_answers_bytes 2");
  ExpectLine(text, R"(admission_limit{of="confirmables"} 8)");
  ExpectLine(text, "coap_kept_answers_limit_bytes 9");
}

TEST(AdmissionMetrics, NewcomersWhileItIsFullThenCountedByWhatBecameOfThem) {
  admission::RequestLedgers ledgers({.waiting = 2});
  const Holder unknown{Network{1}, Standing::kUnproven, 0};
  const Holder known{Network{2}, Standing::kProven, 0};
  ASSERT_EQ(ledgers.waiting.Take(unknown, 2), Verdict::kFits);
  ASSERT_EQ(ledgers.waiting.Take(known, 1), Verdict::kMakeRoom);
  ledgers.waiting.Give(unknown, 2);
  ASSERT_EQ(ledgers.waiting.Take(known, 1), Verdict::kFits);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(ledgers.waiting.Take(unknown, 1), Verdict::kFull);
  const std::string text = TextOf(ledgers);
  ExpectLine(text, R"(admission_contended_total{of="waiting",result="made_room"} 1)");
  ExpectLine(text, R"(admission_contended_total{of="waiting",result="refused"} 3)");
  ExpectLine(text, R"(admission_held{of="waiting",standing="proven"} 2)");
  ExpectLine(text, R"(admission_networks{of="waiting"} 1)");
  ExpectLine(text, R"(admission_contended_total{of="polls",result="refused"} 0)");
}

TEST(AdmissionMetrics, TokensUnderWayThenCountedWithThoseThatWait) {
  admission::RequestLedgers ledgers({.tokens = {.exchanges = 1, .polls = 1}});
  using Kind = admission::TokenTable::Kind;
  const auto a = ledgers.tokens.IdOf("a");
  ASSERT_TRUE(ledgers.tokens.Take(a, 0, Kind::kShort).booked);
  ASSERT_TRUE(ledgers.tokens.Take(ledgers.tokens.IdOf("b"), 0, Kind::kShort).booked);
  ASSERT_FALSE(ledgers.tokens.Take(a, 0, Kind::kShort).booked);
  const std::string text = TextOf(ledgers);
  ExpectLine(text, "admission_tokens 2");
  ExpectLine(text, "admission_token_waits_total 1");
}

}  // namespace
}  // namespace lowband::edge
