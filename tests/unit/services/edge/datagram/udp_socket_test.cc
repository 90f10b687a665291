#include "services/edge/datagram/udp_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "services/edge/datagram/limits.h"
#include "services/edge/datagram/steering.h"

namespace lowband::edge::datagram {
namespace {

using testing::HasSubstr;
using Group = std::vector<std::unique_ptr<UdpSocket>>;

Group Open(const std::string& address, unsigned workers = 1) {
  auto group = UdpSocket::OpenGroup(*ParseBindAddress(address), workers);
  EXPECT_TRUE(group) << group.error();
  return group ? std::move(*group) : Group();
}

// Loopback delivers before the send returns; the wait is for a loaded machine only.
bool Readable(const UdpSocket& socket, int wait_ms = 2000) {
  pollfd waiting{socket.fd(), POLLIN, 0};
  return poll(&waiting, 1, wait_ms) == 1;
}

std::vector<std::string> ReceiveAll(UdpSocket& socket, size_t count) {
  std::vector<std::string> out;
  while (out.size() < count && Readable(socket)) {
    for (const Received& one : socket.Receive()) out.emplace_back(AsText(one.datagram));
  }
  return out;
}

void Send(UdpSocket& from, const SocketAddress& to, std::string_view text) {
  from.Queue(to, AsBytes(text));
  from.Flush();
}

TEST(UdpSocket, DatagramThenArrivesWithItsSender) {
  const Group server = Open("127.0.0.1:0");
  const Group client = Open("127.0.0.1:0");
  Send(*client[0], server[0]->local_address(), "hello");
  ASSERT_TRUE(Readable(*server[0]));
  const auto received = server[0]->Receive();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(AsText(received[0].datagram), "hello");
  EXPECT_EQ(received[0].from, client[0]->local_address());
  EXPECT_EQ(server[0]->counters().datagrams_received, 1u);
  EXPECT_EQ(server[0]->counters().bytes_received, 5u);
  EXPECT_EQ(client[0]->counters().datagrams_sent, 1u);
  EXPECT_EQ(client[0]->counters().bytes_sent, 5u);
}

// A host with several addresses: a client, or the NAT before it, takes nothing from another one.
TEST(UdpSocket, BoundToEveryAddressThenTheAnswerLeavesFromTheOneThatWasAsked) {
  for (const char* any : {":0", "0.0.0.0:0"}) {
    const Group server = Open(any);
    const Group client = Open("127.0.0.1:0");
    const uint16_t port = server[0]->local_address().port();
    for (const char* host : {"127.0.0.1", "127.0.0.2", "127.1.2.3"}) {
      const auto asked = *SocketAddress::FromLiteral(host, port);
      Send(*client[0], asked, "hello");
      ASSERT_TRUE(Readable(*server[0]));
      const SocketAddress from = server[0]->Receive()[0].from;
      EXPECT_EQ(from, client[0]->local_address()) << "whichever of ours it wrote to";
      Send(*server[0], from, "answer");
      ASSERT_TRUE(Readable(*client[0]));
      EXPECT_EQ(client[0]->Receive()[0].from, asked) << any;
    }
    EXPECT_EQ(server[0]->counters().send_errors, 0u);
  }
}

TEST(UdpSocket, AddressOfOursThatIsGoneThenSentByTheRoutes) {
  const Group server = Open(":0");
  const Group client = Open("127.0.0.1:0");
  std::array<uint8_t, 16> gone = SocketAddress::FromLiteral("203.0.113.9", 0)->ip();
  Send(*server[0], client[0]->local_address().WithLocalIp(gone), "answer");
  EXPECT_EQ(ReceiveAll(*client[0], 1), std::vector<std::string>{"answer"});
  EXPECT_EQ(server[0]->counters().sources_lost, 1u);
  EXPECT_EQ(server[0]->counters().send_errors, 0u);
}

TEST(UdpSocket, ReceiveBufferThenWhatTheKernelGranted) {
  const Group server = Open("127.0.0.1:0");
  EXPECT_GT(server[0]->receive_buffer_bytes(), 0u);
  EXPECT_LE(server[0]->receive_buffer_bytes(), static_cast<size_t>(kSocketBufferBytes));
}

TEST(UdpSocket, NothingThereThenNothingReceived) {
  const Group server = Open("127.0.0.1:0");
  EXPECT_TRUE(server[0]->Receive().empty());
}

TEST(UdpSocket, MoreThanABatchThenAllOfItInOrder) {
  const Group server = Open("127.0.0.1:0");
  const Group client = Open("127.0.0.1:0");
  std::vector<std::string> sent;
  for (size_t i = 0; i < 3 * kBatchMax + 5; ++i) {
    sent.push_back("datagram " + std::to_string(i));
    client[0]->Queue(server[0]->local_address(), AsBytes(sent.back()));
  }
  client[0]->Flush();
  EXPECT_EQ(ReceiveAll(*server[0], sent.size()), sent);
}

TEST(UdpSocket, LargestThenWholeAndLargerThenDropped) {
  const Group server = Open("127.0.0.1:0");
  const Group client = Open("127.0.0.1:0");
  const std::string large(kDatagramBytesMax, 'x');
  Send(*client[0], server[0]->local_address(), large);
  EXPECT_EQ(ReceiveAll(*server[0], 1), std::vector<std::string>{large});
  Send(*client[0], server[0]->local_address(), large + "x");
  EXPECT_EQ(client[0]->counters().send_errors, 1u);
  // One that came too large from elsewhere.
  sockaddr_storage raw{};
  const socklen_t size = server[0]->local_address().ToSockaddr(AF_INET, raw);
  const std::string larger = large + "x";
  ASSERT_EQ(sendto(client[0]->fd(), larger.data(), larger.size(), 0,
                   reinterpret_cast<sockaddr*>(&raw), size),
            static_cast<ssize_t>(larger.size()));
  ASSERT_TRUE(Readable(*server[0]));
  EXPECT_TRUE(server[0]->Receive().empty());
  EXPECT_EQ(server[0]->counters().truncated, 1u);
}

TEST(UdpSocket, RefusedInTheMiddleThenTheRestGoesOut) {
  const Group server = Open("127.0.0.1:0");
  const Group client = Open("127.0.0.1:0");
  client[0]->Queue(server[0]->local_address(), AsBytes("one"));
  client[0]->Queue(*SocketAddress::FromLiteral("127.0.0.1", 0), AsBytes("to port 0"));
  client[0]->Queue(server[0]->local_address(), AsBytes("two"));
  client[0]->Flush();
  EXPECT_EQ(ReceiveAll(*server[0], 2), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(client[0]->counters().send_errors, 1u);
  EXPECT_EQ(client[0]->counters().datagrams_sent, 2u);
}

TEST(UdpSocket, NobodyThereThenLaterDatagramsStillFlow) {
  const Group server = Open("127.0.0.1:0");
  const Group client = Open("127.0.0.1:0");
  SocketAddress nobody;
  {
    const Group gone = Open("127.0.0.1:0");
    nobody = gone[0]->local_address();
  }
  for (int i = 0; i < 5; ++i) Send(*server[0], nobody, "anyone?");
  Send(*client[0], server[0]->local_address(), "here");
  EXPECT_EQ(ReceiveAll(*server[0], 1), std::vector<std::string>{"here"});
}

TEST(UdpSocket, BufferOverflowThenTheKernelsDropsAreCounted) {
  const Group server = Open("127.0.0.1:0");
  const Group client = Open("127.0.0.1:0");
  const std::string text(1000, 'x');
  constexpr uint64_t kSent = 20'000;
  for (uint64_t i = 0; i < kSent; ++i) client[0]->Queue(server[0]->local_address(), AsBytes(text));
  client[0]->Flush();
  while (!server[0]->Receive().empty()) {
  }
  // The count comes with the next datagram that got in.
  Send(*client[0], server[0]->local_address(), "last");
  ASSERT_TRUE(Readable(*server[0]));
  server[0]->Receive();
  const Counters& counters = server[0]->counters();
  EXPECT_GT(counters.kernel_drops, 0u);
  EXPECT_EQ(counters.datagrams_received + counters.kernel_drops,
            client[0]->counters().datagrams_sent);
}

TEST(UdpSocket, EmptyHostThenBothFamilies) {
  const Group server = Open(":0");
  const uint16_t port = server[0]->local_address().port();
  const Group four = Open("127.0.0.1:0");
  Send(*four[0], *SocketAddress::FromLiteral("127.0.0.1", port), "four");
  ASSERT_TRUE(Readable(*server[0]));
  const SocketAddress from = server[0]->Receive()[0].from;
  EXPECT_EQ(from, four[0]->local_address());  // as IPv4, not as mapped
  Send(*server[0], from, "back");
  EXPECT_EQ(ReceiveAll(*four[0], 1), std::vector<std::string>{"back"});
  auto six = UdpSocket::OpenGroup(*ParseBindAddress("[::1]:0"), 1);
  if (!six) GTEST_SKIP() << "no IPv6 here: " << six.error();
  Send(*(*six)[0], *SocketAddress::FromLiteral("::1", port), "six");
  EXPECT_EQ(ReceiveAll(*server[0], 1), std::vector<std::string>{"six"});
}

TEST(UdpSocket, PortOfAnotherProcessThenSaid) {
  // Another one of this very program: it shares its port with whoever asks the kernel alone.
  const Group first = Open("127.0.0.1:0", 2);
  const std::string text = first[0]->local_address().Text();
  const auto second = UdpSocket::OpenGroup(*ParseBindAddress(text), 2);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "cannot listen on " + text + " (udp): the port is in use");
}

TEST(UdpSocket, AddressOfAnotherHostThenSaid) {
  const auto group = UdpSocket::OpenGroup(*ParseBindAddress("192.0.2.1:0"), 1);
  ASSERT_FALSE(group);
  EXPECT_THAT(group.error(), HasSubstr("cannot listen on 192.0.2.1:0 (udp): "));
}

TEST(UdpSocket, GroupThenOnePortForAll) {
  const Group group = Open("127.0.0.1:0", 4);
  std::set<uint16_t> ports;
  for (const auto& socket : group) ports.insert(socket->local_address().port());
  EXPECT_EQ(ports.size(), 1u);
  EXPECT_NE(*ports.begin(), 0);
}

// A record with a connection id whose first byte is `first`.
std::string RecordWithId(uint8_t first) {
  std::string out(32, '\0');
  out[0] = 25;
  out[11] = static_cast<char>(first);
  return out;
}

TEST(Steering, ConnectionIdThenItsWorkerWhoeverSends) {
  constexpr unsigned kWorkers = 3;
  const Group group = Open("127.0.0.1:0", kWorkers);
  ASSERT_TRUE(SteerByConnectionId(group[0]->fd(), kWorkers));
  for (int sender = 0; sender < 4; ++sender) {
    const Group client = Open("127.0.0.1:0");
    for (unsigned first = 0; first < 256; first += 5) {
      Send(*client[0], group[0]->local_address(), RecordWithId(static_cast<uint8_t>(first)));
      UdpSocket& owner = *group[first % kWorkers];
      ASSERT_TRUE(Readable(owner)) << first;
      EXPECT_EQ(owner.Receive().size(), 1u);
    }
  }
}

TEST(Steering, NoConnectionIdThenAClientStaysWithOneWorker) {
  constexpr unsigned kWorkers = 4;
  const Group group = Open("127.0.0.1:0", kWorkers);
  ASSERT_TRUE(SteerByConnectionId(group[0]->fd(), kWorkers));
  std::set<unsigned> used;
  for (int sender = 0; sender < 32; ++sender) {
    const Group client = Open("127.0.0.1:0");
    std::set<unsigned> workers;
    for (const std::string& text : {std::string("\x16\xfe\xfd hello"), std::string(40, '\x17'),
                                    std::string(1, 'x'), std::string("\x19 too short")}) {
      Send(*client[0], group[0]->local_address(), text);
      for (unsigned worker = 0; worker < kWorkers; ++worker) {
        if (!Readable(*group[worker], 0)) continue;
        // What is too short for its connection id may go anywhere.
        if (text[0] != '\x19') workers.insert(worker);
        EXPECT_EQ(group[worker]->Receive().size(), 1u);
      }
    }
    EXPECT_EQ(workers.size(), 1u);
    used.insert(workers.begin(), workers.end());
  }
  EXPECT_EQ(used.size(), kWorkers);
}

int OptionOf(const UdpSocket& socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(getsockopt(socket.fd(), level, option, &value, &size), 0);
  return value;
}

// Where ICMP is filtered, nobody says that a datagram was too large for the path.
TEST(UdpSocket, PathsMayFragmentWhatIsTooLargeForThem) {
  const Group ipv4 = Open("127.0.0.1:0");
  ASSERT_EQ(ipv4.size(), 1u);
  EXPECT_EQ(OptionOf(*ipv4[0], IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DONT);
  const Group both = Open(":0");
  ASSERT_EQ(both.size(), 1u);
  EXPECT_EQ(OptionOf(*both[0], IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DONT);
  if (OptionOf(*both[0], SOL_SOCKET, SO_DOMAIN) != AF_INET6) return;  // a host without IPv6
  EXPECT_EQ(OptionOf(*both[0], IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_DONT);
}

}  // namespace
}  // namespace lowband::edge::datagram
