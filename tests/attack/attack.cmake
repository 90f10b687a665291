# Attacks on the whole edge, beside clients that want little: real DTLS, CoAP and lanes, in virtual
# time. What it prints are the figures of docs/security.md.
lowband_test(attack_test
  SOURCES attack/attack_test.cc attack/battle.cc attack/figures.cc attack/lost_clients_test.cc
          attack/message_attack_test.cc unit/services/edge/edge_world.cc
          unit/services/edge/dtls/identity_files.cc
  DEPS lowband::edge_pipeline lowband::client lowband::sim lowband::translator_answers
       lowband_real_translator
  TIMEOUT 300)
# The same of HTTP on TCP, over loopback.
lowband_test(tcp_attack_test
  SOURCES attack/figures.cc attack/tcp_attack_test.cc integration/fallback_rig.cc
  DEPS lowband::edge_fallback OpenSSL::SSL OpenSSL::Crypto
  TIMEOUT 120)
