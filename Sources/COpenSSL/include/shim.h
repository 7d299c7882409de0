// One header for what the crypto layer uses of libcrypto.
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
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Swift can't import a macro that is made of others.
static const int FLOTILLA_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY;

#endif
