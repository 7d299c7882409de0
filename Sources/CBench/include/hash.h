// What OpenSSL's hashes cost by themselves: for `flotilla bench verify`.
#ifndef FLOTILLA_CBENCH_HASH_H
#define FLOTILLA_CBENCH_HASH_H

#include <stddef.h>

/// Nanoseconds of one hash of a message of so many bytes; negative on failure.
double flotilla_bench_hash(const char *algorithm, size_t bytes, int rounds);
#endif
