// The configuration of mbedTLS 3.6 that Lowband is built with, the edge's server side and the
// client alike. It replaces include/mbedtls/mbedtls_config.h of the library, so everything that
// is not listed here is compiled out.
//
// Spec: RFC 6347 (DTLS 1.2), RFC 9146 (connection ID), RFC 9325 (what to switch off).
// clang-format off
#ifndef LOWBAND_MBEDTLS_CONFIG_H
#define LOWBAND_MBEDTLS_CONFIG_H

// --- The platform -------------------------------------------------------------------------------
#define MBEDTLS_HAVE_ASM            // 64-bit multiplication in assembly: the handshake's hot loop
#define MBEDTLS_HAVE_TIME           // cookies and tickets age
#define MBEDTLS_HAVE_TIME_DATE      // certificates expire
#define MBEDTLS_FS_IO               // certificate, key and CA files
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_THREADING_C         // workers share the certificate's key, whose RSA blinding state
#define MBEDTLS_THREADING_PTHREAD   // needs the lock
#define MBEDTLS_VERSION_C
#define MBEDTLS_VERSION_FEATURES    // lets a test ask the linked library what it was built with
#define MBEDTLS_ERROR_C             // error strings; debug output (DEBUG_C) stays out: it can print
                                    // keys, and costs a branch on every step

// --- The protocol -------------------------------------------------------------------------------
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2    // no 1.3: mbedTLS has no DTLS 1.3
#define MBEDTLS_SSL_PROTO_DTLS
#define MBEDTLS_SSL_DTLS_HELLO_VERIFY
#define MBEDTLS_SSL_DTLS_ANTI_REPLAY
#define MBEDTLS_SSL_DTLS_CLIENT_PORT_REUSE
#define MBEDTLS_SSL_COOKIE_C
#define MBEDTLS_SSL_DTLS_CONNECTION_ID
#define MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT 0   // RFC 9146, not the drafts before it
#define MBEDTLS_SSL_CID_IN_LEN_MAX 32
#define MBEDTLS_SSL_CID_OUT_LEN_MAX 32
#define MBEDTLS_SSL_CONTEXT_SERIALIZATION         // idle sessions hibernate as a small blob
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE         // the client shows what it verified
// Out on purpose: SSL_RENEGOTIATION (CVE-2026-50713; context serialization cannot have it either),
// SSL_ENCRYPT_THEN_MAC (CBC only), SSL_ALPN, SSL_DTLS_SRTP, SSL_CACHE_C (tickets do that job).

// Record buffers, bytes of plaintext. A handshake message must fit whole, and the longest is the
// certificate chain: RSA chains with a cross-signed root come to 4.8 KiB. Both directions are
// equal, so that our client accepts whatever our edge can send. The outgoing buffer shrinks after
// the handshake to mbedtls_ssl_conf_max_frag_len(), which the edge sets.
#define MBEDTLS_SSL_IN_CONTENT_LEN 6144
#define MBEDTLS_SSL_OUT_CONTENT_LEN 6144
#define MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH
// Reassembly and reordering of one handshake: one message of full length with its bitmap, and
// about 1 KiB of later ones. What does not fit is dropped and retransmitted by the peer.
#define MBEDTLS_SSL_DTLS_MAX_BUFFERING 8192

// --- Cipher suites: ECDHE with an AEAD, nothing else --------------------------------------------
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
// What a configuration gets that does not set its own list. AES-128-CCM-8 is compiled in but must
// be asked for by name: its tag has only 64 bits.
#define MBEDTLS_SSL_CIPHERSUITES                          \
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,      \
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,        \
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, \
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_AESNI_C             // chosen at run time; plain C on other processors
#define MBEDTLS_AESCE_C
#define MBEDTLS_GCM_C
#define MBEDTLS_CCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C

#define MBEDTLS_MD_C
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C

#define MBEDTLS_ENTROPY_C
#define MBEDTLS_CTR_DRBG_C
#define MBEDTLS_HMAC_DRBG_C

// --- Public keys --------------------------------------------------------------------------------
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDH_VARIANT_EVEREST_ENABLED   // X25519 4.4 times faster than the generic code
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC            // a weak random source cannot leak the key
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 1        // precomputed multiples of the base point, 3 KiB
#define MBEDTLS_ECP_WINDOW_SIZE 6
#define MBEDTLS_MPI_WINDOW_SIZE 6              // RSA: fewer multiplications for 4 KiB of stack
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_GENPRIME                       // tests make RSA keys

#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_PARSE_EC_EXTENDED
#define MBEDTLS_PK_PARSE_EC_COMPRESSED
#define MBEDTLS_PK_RSA_ALT_SUPPORT
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PEM_WRITE_C

// --- Certificates: read and verify; written by tests only ---------------------------------------
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C

#endif  // LOWBAND_MBEDTLS_CONFIG_H
