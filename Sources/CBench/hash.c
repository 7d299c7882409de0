// SPDX-License-Identifier: Apache-2.0
// What a hash costs by itself: libcrypto asked once for the algorithm, one context for all rounds.
#include "bench.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double flotilla_bench_hash(const char *algorithm, size_t bytes, int rounds) {
    EVP_MD *kind = EVP_MD_fetch(NULL, algorithm, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *message = malloc(bytes), digest[EVP_MAX_MD_SIZE];
    double taken = -1;
    if (kind && context && message && rounds > 0) {
        memset(message, 'x', bytes);
        int done = 1;
        double begin = nanoseconds();
        for (int round = 0; round < rounds && done; round++) {
            done = EVP_DigestInit_ex2(context, kind, NULL) && EVP_DigestUpdate(context, message, bytes) &&
                   EVP_DigestFinal_ex(context, digest, NULL);
        }
        if (done) taken = (nanoseconds() - begin) / rounds;
    }
    free(message);
    EVP_MD_CTX_free(context);
    EVP_MD_free(kind);
    return taken;
}
