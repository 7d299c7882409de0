// One header for what is used of libcrypto and libssl. Much of libssl's interface is macros, which Swift does not import.
#ifndef FLOTILLA_COPENSSL_SHIM_H
#define FLOTILLA_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Swift can't import a macro that is made of others.
static const int FLOTILLA_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY;

// What every context of a server has, whatever its certificate. TLS 1.2 at least, there with ephemeral keys and authenticated encryption
// only; nothing is renegotiated, nothing compressed; a session is remembered by the client (in a ticket) or not at all, and one that is
// idle holds no buffers.
static inline int flotilla_tls_prepare(SSL_CTX *c) {
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}
// Takes the reference to the certificate over when it returns 1.
static inline int flotilla_tls_add_chain(SSL_CTX *c, X509 *certificate) { return (int)SSL_CTX_add0_chain_cert(c, certificate); }
static inline void flotilla_bio_wait_for_input(BIO *b) { BIO_set_retry_read(b); }
static inline void flotilla_bio_go_on(BIO *b) { BIO_clear_retry_flags(b); }

#endif
