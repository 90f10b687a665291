#include "libs/base/fragmentation.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace lowband {
namespace {

void Set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

}  // namespace

void AllowFragments(int fd, int family) {
  // On a dual-stack socket this concerns its IPv4 addresses.
  Set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  if (family != AF_INET6) return;
  Set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  Set(fd, IPPROTO_IPV6, IPV6_MTU, kIpv6PathBytesMin);
}

}  // namespace lowband
