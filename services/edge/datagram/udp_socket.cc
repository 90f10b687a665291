#include "services/edge/datagram/udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "libs/base/fragmentation.h"
#include "services/edge/datagram/limits.h"

namespace lowband::edge::datagram {
namespace {

constexpr size_t kControlBytes = CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(in6_pktinfo));
constexpr size_t kSourceBytes = CMSG_SPACE(sizeof(in6_pktinfo));
using Ip = std::array<uint8_t, 16>;

bool Enable(int fd, int level, int option) {
  const int yes = 1;
  return setsockopt(fd, level, option, &yes, sizeof(yes)) == 0;
}

std::string Problem(const BindAddress& address, int error) {
  const std::string what =
      error == EADDRINUSE ? "the port is in use" : std::string(std::strerror(error));
  return "cannot listen on " + address.address.Text() + " (udp): " + what;
}

// A bound socket, or a negative errno.
int Bind(const BindAddress& address, uint16_t port, int family, bool shared) {
  const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  if (family == AF_INET6) {
    const int only_v6 = address.any_host ? 0 : 1;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6));
  }
  AllowFragments(fd, family);
  if (shared) Enable(fd, SOL_SOCKET, SO_REUSEPORT);
  Enable(fd, SOL_SOCKET, SO_RXQ_OVFL);
  for (const int option : {SO_RCVBUF, SO_SNDBUF}) {
    setsockopt(fd, SOL_SOCKET, option, &kSocketBufferBytes, sizeof(kSocketBufferBytes));
  }
  // On a dual-stack socket the second option reports IPv4 addresses too, in their mapped form.
  if (family == AF_INET) {
    Enable(fd, IPPROTO_IP, IP_PKTINFO);
  } else {
    Enable(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
  }
  sockaddr_storage raw{};
  SocketAddress wanted = address.address;
  if (family == AF_INET && address.any_host) wanted = *SocketAddress::FromLiteral("0.0.0.0", 0);
  wanted = wanted.WithPort(port);
  const socklen_t size = wanted.ToSockaddr(family, raw);
  if (bind(fd, reinterpret_cast<sockaddr*>(&raw), size) == 0) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

SocketAddress LocalAddress(int fd) {
  sockaddr_storage raw{};
  socklen_t size = sizeof(raw);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return SocketAddress::FromSockaddr(raw);
}

bool IsAny(const SocketAddress& address) {
  const Ip& ip = address.ip();
  const size_t skipped = address.is_ipv4() ? 12 : 0;
  return std::all_of(ip.begin() + skipped, ip.end(), [](uint8_t byte) { return byte == 0; });
}

// The destination address of a datagram, if this part of its control data holds it.
std::optional<Ip> ArrivedAt(const cmsghdr& part) {
  Ip ip{};
  if (part.cmsg_level == IPPROTO_IP && part.cmsg_type == IP_PKTINFO) {
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&part), sizeof(info));
    ip[10] = ip[11] = 0xff;
    std::memcpy(&ip[12], &info.ipi_spec_dst, 4);
    return ip;
  }
  if (part.cmsg_level != IPPROTO_IPV6 || part.cmsg_type != IPV6_PKTINFO) return std::nullopt;
  in6_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(&part), sizeof(info));
  std::memcpy(ip.data(), &info.ipi6_addr, ip.size());
  return ip;
}

// Whether an error concerns the source address of a message, which may be gone.
bool IsOfSource(int error) {
  return error == EINVAL || error == EADDRNOTAVAIL || error == ENETUNREACH || error == ENODEV;
}

}  // namespace

// One arena per direction, laid out once.
struct UdpSocket::Buffers {
  Buffers() : in(kBatchMax * kDatagramBytesMax), out(kBatchMax * kDatagramBytesMax) {
    for (size_t i = 0; i < kBatchMax; ++i) {
      in_vectors[i] = {in.data() + i * kDatagramBytesMax, kDatagramBytesMax};
      in_messages[i].msg_hdr.msg_iov = &in_vectors[i];
      in_messages[i].msg_hdr.msg_iovlen = 1;
      in_messages[i].msg_hdr.msg_name = &in_addresses[i];
      out_messages[i].msg_hdr.msg_iov = &out_vectors[i];
      out_messages[i].msg_hdr.msg_iovlen = 1;
      out_messages[i].msg_hdr.msg_name = &out_addresses[i];
    }
  }

  Bytes in;
  Bytes out;
  size_t queued = 0;
  std::array<mmsghdr, kBatchMax> in_messages{};
  std::array<mmsghdr, kBatchMax> out_messages{};
  std::array<iovec, kBatchMax> in_vectors{};
  std::array<iovec, kBatchMax> out_vectors{};
  std::array<sockaddr_storage, kBatchMax> in_addresses{};
  std::array<sockaddr_storage, kBatchMax> out_addresses{};
  alignas(cmsghdr) std::array<std::array<uint8_t, kControlBytes>, kBatchMax> control{};
  alignas(cmsghdr) std::array<std::array<uint8_t, kSourceBytes>, kBatchMax> sources{};
  std::array<Received, kBatchMax> received;
};

UdpSocket::UdpSocket(Private, int fd, int family)
    : fd_(fd),
      family_(family),
      any_address_(IsAny(LocalAddress(fd))),
      buffers_(std::make_unique<Buffers>()) {}
UdpSocket::~UdpSocket() { close(fd_); }
SocketAddress UdpSocket::local_address() const { return LocalAddress(fd_); }

size_t UdpSocket::receive_buffer_bytes() const {
  int bytes = 0;
  socklen_t size = sizeof(bytes);
  if (getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, &size) != 0 || bytes < 0) return 0;
  return static_cast<size_t>(bytes) / 2;  // Linux reports twice the granted size: socket(7)
}

Result<std::vector<std::unique_ptr<UdpSocket>>, std::string> UdpSocket::OpenGroup(
    const BindAddress& address, unsigned workers) {
  int family = address.address.is_ipv4() ? AF_INET : AF_INET6;
  // SO_REUSEPORT would silently share the port, and the clients, with another process of this
  // user. A first socket without the option detects this.
  int probe = Bind(address, address.address.port(), family, false);
  if (probe == -EAFNOSUPPORT && address.any_host) {  // a host without IPv6
    family = AF_INET;
    probe = Bind(address, address.address.port(), family, false);
  }
  if (probe < 0) return Failure(Problem(address, -probe));
  const uint16_t port = LocalAddress(probe).port();
  close(probe);
  std::vector<std::unique_ptr<UdpSocket>> group;
  for (unsigned i = 0; i < workers; ++i) {
    const int fd = Bind(address, port, family, true);
    if (fd < 0) return Failure(Problem(address, -fd));
    group.push_back(std::make_unique<UdpSocket>(Private{}, fd, family));
  }
  return group;
}

std::span<const Received> UdpSocket::Receive() {
  Buffers& b = *buffers_;
  for (size_t i = 0; i < kBatchMax; ++i) {
    b.in_messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    b.in_messages[i].msg_hdr.msg_control = b.control[i].data();
    b.in_messages[i].msg_hdr.msg_controllen = kControlBytes;
  }
  // Errors here come from earlier sends (ICMP unreachable) or mean "no datagram"; ignore both.
  const int count = recvmmsg(fd_, b.in_messages.data(), kBatchMax, MSG_DONTWAIT, nullptr);
  size_t kept = 0;
  for (int i = 0; i < count; ++i) {
    msghdr& header = b.in_messages[static_cast<size_t>(i)].msg_hdr;
    const size_t size = b.in_messages[static_cast<size_t>(i)].msg_len;
    std::optional<Ip> local;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (any_address_ && !local) local = ArrivedAt(*c);
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
      uint32_t drops = 0;
      std::memcpy(&drops, CMSG_DATA(c), sizeof(drops));
      counters_.kernel_drops = drops;  // a running total of the socket
    }
    if ((header.msg_flags & MSG_TRUNC) != 0) {
      ++counters_.truncated;
      continue;
    }
    ++counters_.datagrams_received;
    counters_.bytes_received += size;
    const auto from = SocketAddress::FromSockaddr(*static_cast<sockaddr_storage*>(header.msg_name));
    b.received[kept++] = {local ? from.WithLocalIp(*local) : from,
                          {static_cast<const uint8_t*>(header.msg_iov->iov_base), size}};
  }
  return {b.received.data(), kept};
}

void UdpSocket::Queue(const SocketAddress& to, ByteView datagram) {
  if (datagram.size() > kDatagramBytesMax) {
    ++counters_.send_errors;
    return;
  }
  Buffers& b = *buffers_;
  if (b.queued == kBatchMax) Flush();
  const size_t i = b.queued++;
  uint8_t* const at = b.out.data() + i * kDatagramBytesMax;
  std::memcpy(at, datagram.data(), datagram.size());
  b.out_vectors[i] = {at, datagram.size()};
  b.out_messages[i].msg_hdr.msg_namelen = to.ToSockaddr(family_, b.out_addresses[i]);
  SetSource(to, i);
}

void UdpSocket::SetSource(const SocketAddress& to, size_t i) {
  Buffers& b = *buffers_;
  msghdr& header = b.out_messages[i].msg_hdr;
  header.msg_control = nullptr;
  header.msg_controllen = 0;
  if (!any_address_ || !to.has_local_ip()) return;
  const Ip& ip = to.local_ip();
  const bool v4 = family_ == AF_INET;
  header.msg_control = b.sources[i].data();
  header.msg_controllen = CMSG_SPACE(v4 ? sizeof(in_pktinfo) : sizeof(in6_pktinfo));
  cmsghdr* const part = CMSG_FIRSTHDR(&header);
  // The route chooses the interface: a local address may be reached by several.
  if (v4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, &ip[12], 4);
    *part = {.cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    std::memcpy(CMSG_DATA(part), &info, sizeof(info));
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, ip.data(), ip.size());
    *part = {
        .cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
    std::memcpy(CMSG_DATA(part), &info, sizeof(info));
  }
}

void UdpSocket::Flush() {
  Buffers& b = *buffers_;
  size_t done = 0;
  while (done < b.queued) {
    const int sent = sendmmsg(fd_, b.out_messages.data() + done,
                              static_cast<unsigned>(b.queued - done), MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    msghdr& first = b.out_messages[done].msg_hdr;
    if (sent < 0 && first.msg_controllen != 0 && IsOfSource(errno)) {
      ++counters_.sources_lost;
      first.msg_control = nullptr;
      first.msg_controllen = 0;
      continue;
    }
    if (sent <= 0) {
      // The first of the remaining ones was refused (no buffer, no route, an ICMP error): drop it.
      ++counters_.send_errors;
      ++done;
      continue;
    }
    for (size_t i = done; i < done + static_cast<size_t>(sent); ++i) {
      ++counters_.datagrams_sent;
      counters_.bytes_sent += b.out_vectors[i].iov_len;
    }
    done += static_cast<size_t>(sent);
  }
  b.queued = 0;
}

}  // namespace lowband::edge::datagram
