#include "tools/lowband/traffic_log.h"

#include <array>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "libs/coap/message.h"
#include "tools/lowband/message_text.h"

namespace lowband::tools {
namespace {

double Milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::string Fixed(double value) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.1f", value);
  return out.data();
}

std::string Describe(const client::DatagramTrace& trace) {
  if (trace.message.empty()) return RecordsText(trace.datagram);
  const auto message = coap::Parse(trace.message);
  return message ? MessageText(*message)
                 : "no CoAP message: " + std::string(coap::Text(message.error()));
}

std::string Line(const std::string& name, const PhaseTraffic& phase, unsigned headers) {
  const uint64_t datagrams = phase.datagrams_sent + phase.datagrams_received;
  const uint64_t bytes = phase.bytes_sent + phase.bytes_received;
  return "* " + name + ": " + std::to_string(phase.bytes_sent) + " B sent in " +
         std::to_string(phase.datagrams_sent) + ", " + std::to_string(phase.bytes_received) +
         " B received in " + std::to_string(phase.datagrams_received) + " datagrams; " +
         std::to_string(bytes + headers * datagrams) + " B with IP and UDP headers; " +
         std::to_string(phase.round_trips) + " round trips, " + Fixed(Milliseconds(phase.time)) +
         " ms\n";
}

nlohmann::ordered_json PhaseJson(const PhaseTraffic& phase) {
  return {{"bytes_sent", phase.bytes_sent},
          {"bytes_received", phase.bytes_received},
          {"datagrams_sent", phase.datagrams_sent},
          {"datagrams_received", phase.datagrams_received},
          {"round_trips", phase.round_trips}};
}

}  // namespace

void TrafficLog::Note(const client::DatagramTrace& trace) {
  if (!begin_) begin_ = phase_begin_ = trace.at;
  const size_t bytes = trace.datagram.size();
  const uint64_t datagrams = bytes > 0 ? 1 : 0;
  if (trace.sent) {
    phase_->datagrams_sent += datagrams;
    phase_->bytes_sent += bytes;
  } else {
    phase_->datagrams_received += datagrams;
    phase_->bytes_received += bytes;
    if (sent_last_) ++phase_->round_trips;
  }
  sent_last_ = trace.sent;
  if (!print_) return;
  std::array<char, 48> head{};
  std::snprintf(head.data(), head.size(), "%c %8.1f ms %5zu B  ", trace.sent ? '>' : '<',
                Milliseconds(trace.at - *begin_), bytes);
  std::cerr << head.data() << Describe(trace) << '\n';
  if (!dump_) return;
  if (bytes > 0) std::cerr << "  datagram " << ToHex(trace.datagram) << '\n';
  if (!trace.message.empty()) std::cerr << "  message " << ToHex(trace.message) << '\n';
}

void TrafficLog::BeginExchange(TimePoint now) {
  if (begin_) handshake_.time = now - phase_begin_;
  phase_begin_ = now;
  if (!begin_) begin_ = now;
  exchange_ = {};
  phase_ = &exchange_;
  sent_last_ = false;
}

void TrafficLog::EndExchange(TimePoint now) {
  exchange_.time = now - phase_begin_;
  phase_ = &rest_;
}

std::string TrafficLog::Summary(unsigned ip_udp_bytes) const {
  std::string out;
  if (handshake_.datagrams_sent > 0) out += Line("handshake", handshake_, ip_udp_bytes);
  return out + Line("exchange", exchange_, ip_udp_bytes);
}

std::string TrafficLog::Json() const {
  const nlohmann::ordered_json all = {{"handshake", PhaseJson(handshake_)},
                                      {"exchange", PhaseJson(exchange_)},
                                      {"handshake_milliseconds", Milliseconds(handshake_.time)},
                                      {"milliseconds", Milliseconds(exchange_.time)}};
  return all.dump() + "\n";
}

}  // namespace lowband::tools
