// The bare loops that `flotilla bench` measures beside: C, the library, and nothing between them.
#ifndef FLOTILLA_CBENCH_H
#define FLOTILLA_CBENCH_H

#include <stddef.h>

/// The statements of the embedded broker and ledger, as the product prepares them.
struct flotilla_bench_sql {
    const char *create, *pragmas;
    const char *begin, *commit, *data_version, *save_state, *count;
    const char *add_event, *add_delivery, *fetch, *hold, *acknowledge, *claim, *end_claim, *write_ledger;
};

struct flotilla_bench_result {
    double events_per_second;
    long long events;
    char error[200];
};

/// Publish, fetch, claim, mark and acknowledge in batches, each transaction one batch of each, one fsync for all of them.
struct flotilla_bench_result flotilla_bench_sqlite(
    const char *path, struct flotilla_bench_sql sql, int batch, int body_bytes, int checkpoint_pages, double seconds);

/// Microseconds of one 4 KB write and fdatasync, the median of `count`; negative on failure.
double flotilla_bench_fdatasync(const char *path, int count);

/// Nanoseconds of one hash of a message of so many bytes; negative on failure.
double flotilla_bench_hash(const char *algorithm, size_t bytes, int rounds);
#endif
