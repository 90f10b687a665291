// Versions of what the homeserver keeps (RFC 7252 §5.10.6 to §5.10.8): the tags go through.
#include <gtest/gtest.h>

#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

TEST(Version, ConditionsGoToTheTranslator) {
  Script().Play(R"(
    --> CON PUT 1 path=a match=0102030405060708 match=aa format=0 body="x"
    ==> PUT path=a format=0 match=0102030405060708 match=aa body="x"
    <== 4.12 format=60 body=hex:a0
    <-- ACK 4.12 1 format=60 body=hex:a0
    --> CON DELETE 2 path=a match=
    ==> DELETE path=a match=
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
    --> CON GET 3 path=a etag=0102030405060708 etag=aa
    ==> GET path=a etag=0102030405060708 etag=aa
    <== 2.03 etag=aa max-age=60
    <-- ACK 2.03 3 etag=aa max-age=60
    --> CON POST 4 path=a etag=aa
    ==> POST path=a
    <== 2.05
    <-- ACK 2.05 4 format=60 body=hex:a0
  )");
}

TEST(Version, TagLifeAndPlaceOfAnAnswerThenItsOptions) {
  Script().Play(R"(
    --> CON POST 1 path=a
    ==> POST path=a
    <== 2.01 etag=0102030405060708 location=r location=1 format=60 max-age=59 body=hex:a0
    <-- ACK 2.01 1 etag=0102030405060708 location=r location=1 format=60 max-age=59 body=hex:a0
    --> CON GET 2 path=a
    ==> GET path=a
    <== 2.05 etag=aa format=0
    <-- ACK 2.05 2 etag=aa format=0
  )");
}

// The tag of the version names the transfer too (RFC 7959 §2.4).
TEST(Version, AnswerInBlocksThenEachHasItsTag) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05 etag=0102030405060708 format=0 body=#2000
    <-- ACK 2.05 1 etag=0102030405060708 format=0 block2=0/1/1024 size2=2000 body=#1024
    --> CON GET 2 path=a block2=1/0/1024
    <-- ACK 2.05 2 etag=0102030405060708 format=0 block2=1/0/1024 body=#976+1024
  )");
}

}  // namespace
}  // namespace lowband::edge::testing
