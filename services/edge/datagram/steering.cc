#include "services/edge/datagram/steering.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>

#include "libs/tls/record.h"

namespace lowband::edge::datagram {
namespace {

constexpr auto kRecordTypeCid = static_cast<unsigned>(tls::RecordType::kConnectionId);
// Beyond every group: the kernel falls back to its own hash.
constexpr unsigned kNoWorker = 0xffffffff;

}  // namespace

bool SteerByConnectionId(int fd, unsigned workers) {
  // Offsets count from the UDP payload. A load beyond the datagram ends the program with 0; such a
  // datagram is no record, so any worker will do.
  std::array<sock_filter, 6> program = {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kRecordTypeCid, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, kNoWorker),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, tls::kConnectionIdOffset),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers),
      BPF_STMT(BPF_RET | BPF_A, 0),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof(filter)) == 0;
}

}  // namespace lowband::edge::datagram
