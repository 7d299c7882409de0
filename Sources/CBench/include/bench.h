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

/// A RabbitMQ node, and who we are there.
struct flotilla_bench_broker {
    const char *host, *vhost, *user, *password;
    int port;
};

/// Confirmed persistent publishes of 1 KB with the headers of a webhook event, `window` of them unconfirmed at most: messages a second,
/// the limit of any client on that broker. Negative on failure.
double flotilla_bench_rabbit_publish(
    const struct flotilla_bench_broker *broker, const char *exchange, const char *key, long long count, long long window);

/// Consuming and acknowledging by 32, with nothing done in between: messages a second. Negative on failure.
double flotilla_bench_rabbit_consume(const struct flotilla_bench_broker *broker, const char *queue, long long count, int prefetch);

/// Microseconds of one 4 KB write and fdatasync, the median of `count`; negative on failure.
double flotilla_bench_fdatasync(const char *path, int count);

/// Nanoseconds of one hash of a message of so many bytes; negative on failure.
double flotilla_bench_hash(const char *algorithm, size_t bytes, int rounds);
#endif
