#include "libs/coap/text.h"

#include <gtest/gtest.h>

namespace lowband::coap {
namespace {

TEST(Text, TypesAndCodesAsInTheFiguresOfTheRfcs) {
  EXPECT_EQ(Text(Type::kConfirmable), "CON");
  EXPECT_EQ(Text(Type::kReset), "RST");
  EXPECT_EQ(Text(kFetch), "FETCH");
  EXPECT_EQ(Text(kContent), "2.05");
  EXPECT_EQ(Text(Code::Of(0, 6)), "0.06");
}

TEST(Text, OptionsByTheirNamesOrNotKnown) {
  EXPECT_EQ(FindDefinition(OptionNumber::kUriPath)->name, "Uri-Path");
  EXPECT_EQ(FindDefinition(OptionNumber::kBlock2)->format, OptionFormat::kBlock);
  EXPECT_EQ(FindDefinition(static_cast<OptionNumber>(9999)), nullptr);
}

}  // namespace
}  // namespace lowband::coap
