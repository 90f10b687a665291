// Options and paths that are CoAP's own business: No-Response (RFC 7967), /.well-known/core
// (RFC 6690), and what is too long.
#include <gtest/gtest.h>

#include <string>

#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

// The classes 2, 4 and 5: a CON is acknowledged and that is all, whenever the answer comes.
TEST(NoResponse, ConfirmableThenAnEmptyAckAndNothingElse) {
  Script().Play(R"(
    --> CON PUT 1 path=typing body="x" opt=258:1a
    ==> PUT path=typing body="x"
    <== 2.05
    <-- ACK 0.00 1
    --> again
    <-- ACK 0.00 1
    --> CON PUT 2 path=typing body="x" opt=258:1a
    ==> PUT path=typing body="x"
    at 1s
    <-- ACK 0.00 2
    at 5s
    <== 5.02 body="away"
    --> again
    <-- ACK 0.00 2
    at 300s
  )");
}

TEST(NoResponse, NonConfirmableThenNothingAtAll) {
  Script().Play(R"(
    --> NON PUT 1 path=typing body="x" opt=258:1a
    ==> PUT path=typing body="x"
    <== 2.05
    --> again
    at 300s
  )");
}

TEST(NoResponse, OtherClassesAreAnswered) {
  Script().Play(R"(
    --> CON PUT 1 path=receipt body="x" opt=258:02
    ==> PUT path=receipt body="x"
    <== 4.03 format=60 body="no"
    <-- ACK 4.03 1 format=60 body="no"
    --> CON PUT 2 path=receipt body="x" opt=258:
    ==> PUT path=receipt body="x"
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
    --> CON PUT 3 path=receipt body="x" opt=258:0202      # too long: elective, ignored
    ==> PUT path=receipt body="x"
    <== 2.05
    <-- ACK 2.05 3 format=60 body=hex:a0
    --> CON GET 4 path=a opt=258:08 opt=65001:            # our own refusal
    <-- ACK 0.00 4
  )");
}

// The blocks of an upload are no response: its client needs them.
TEST(NoResponse, UploadThenItsBlocksAreConfirmed) {
  Script().Play(R"(
    --> CON PUT 1 path=a block1=0/1/16 body=#16 opt=258:1a
    <-- ACK 2.31 1 block1=0/1/16
    --> CON PUT 2 path=a block1=1/0/16 body=#1+16 opt=258:1a
    ==> PUT path=a body=#17
    <== 2.05
    <-- ACK 0.00 2
  )");
}

TEST(Discovery, WellKnownCoreThenLinks) {
  const std::string_view links =
      "</_matrix/client/versions>;ct=\"60 50\",</_matrix/client/r0/sync>;ct=\"60 50\";obs";
  std::string hex = "body=hex:";
  for (const char c : links) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  Script().Play("--> CON GET 1 path=.well-known/core\n<-- ACK 2.05 1 format=40 " + hex +
                "\n--> CON GET 2 path=.well-known/core query=rt=x accept=40\n"
                "<-- ACK 2.05 2 format=40 " +
                hex + "\n");
  Script().Play(R"(
    --> CON GET 1 path=.well-known/core accept=60
    <-- ACK 4.06 1 format=60 error=M_UNRECOGNIZED
    --> CON GET 2 path=.well-known/matrix/client
    ==> GET path=.well-known/matrix/client
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
  )");
}

// RFC 7252 section 5.10; a query may be longer, as deployed clients' are.
TEST(PathOption, Over255BytesIsABadOption) {
  const std::string longest(255, 'p');
  Script().Play("--> CON GET 1 path=" + longest + "\n==> GET path=" + longest +
                "\n<== 2.05\n<-- ACK 2.05 1 format=60 body=hex:a0\n--> CON GET 2 path=" + longest +
                "p\n<-- ACK 4.02 2 format=60 error=M_UNRECOGNIZED\n--> CON GET 3 path=a query=" +
                longest + "pp\n==> GET path=a query=" + longest +
                "pp\n<== 2.05\n<-- ACK 2.05 3 format=60 body=hex:a0\n");
}

}  // namespace
}  // namespace lowband::edge::testing
