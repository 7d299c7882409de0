// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int wal_pages;
static int on_commit(void *context, sqlite3 *db, const char *name, int pages) {
    wal_pages = pages;
    return SQLITE_OK;
}

// A key as the ledger has them: 16 bytes that look like a hash.
static void make_key(uint64_t n, unsigned char *key) {
    for (int half = 0; half < 2; half++) {
        uint64_t x = (n + half * 0x9E3779B97F4A7C15ull) * 0xBF58476D1CE4E5B9ull;
        x ^= x >> 31;
        x *= 0x94D049BB133111EBull;
        x ^= x >> 29;
        memcpy(key + half * 8, &x, 8);
    }
}

static int run(sqlite3_stmt *s) {
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {}
    sqlite3_reset(s);
    return code == SQLITE_DONE ? 0 : -1;
}

struct flotilla_bench_result flotilla_bench_sqlite(
    const char *path, struct flotilla_bench_sql sql, int batch, int body_bytes, int checkpoint_pages, double seconds) {
    struct flotilla_bench_result result = {0};
    sqlite3 *db = NULL;
    char *body = calloc(1, body_bytes);
    // The numbers in flight: fetched in the transaction before, claimed in the one before that, and so on.
    long long *fetched = calloc(batch, sizeof *fetched), *claimed = calloc(batch, sizeof *claimed), *marked = calloc(batch, sizeof *marked);
    int fetched_count = 0, claimed_count = 0, marked_count = 0;
    sqlite3_stmt *begin, *commit, *version, *save, *count, *event, *delivery, *fetch, *hold, *ack, *claim, *end, *mark;
    const char *texts[] = {sql.begin, sql.commit, sql.data_version, sql.save_state, sql.count, sql.add_event, sql.add_delivery,
                           sql.fetch, sql.hold, sql.acknowledge, sql.claim, sql.end_claim, sql.write_ledger};
    sqlite3_stmt **slots[] = {&begin, &commit, &version, &save, &count, &event, &delivery, &fetch, &hold, &ack, &claim, &end, &mark};

    if (sqlite3_open(path, &db) || sqlite3_exec(db, sql.pragmas, 0, 0, 0) || sqlite3_exec(db, sql.create, 0, 0, 0) ||
        sqlite3_exec(db, "INSERT INTO queue (id, name) VALUES (1, 'bench'); INSERT INTO source VALUES (1, '/hooks/bench');", 0, 0, 0))
        goto failed;
    sqlite3_wal_hook(db, on_commit, NULL);
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) {
        if (sqlite3_prepare_v3(db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, slots[i], NULL)) goto failed;
    }

    long long number = 0, done = 0;
    double start = now();
    while (now() - start < seconds) {
        unsigned char key[16];
        char id[40];
        long long millis = (long long)(now() * 1000);
        if (run(begin) || run(version)) goto failed;
        for (int i = 0; i < marked_count; i++) {
            sqlite3_bind_int64(ack, 1, 1);
            sqlite3_bind_int64(ack, 2, 7);
            sqlite3_bind_int64(ack, 3, marked[i]);
            if (run(ack)) goto failed;
        }
        done += marked_count;
        for (int i = 0; i < claimed_count; i++) {
            make_key(claimed[i], key);
            sqlite3_bind_blob(end, 1, key, 16, SQLITE_TRANSIENT);
            sqlite3_bind_int64(end, 2, 1);
            if (run(end)) goto failed;
            sqlite3_bind_blob(mark, 1, key, 16, SQLITE_TRANSIENT);
            sqlite3_bind_int64(mark, 2, 4);
            sqlite3_bind_int64(mark, 3, 1);
            sqlite3_bind_int64(mark, 4, 0);
            sqlite3_bind_int64(mark, 5, 0);
            sqlite3_bind_int64(mark, 6, 1);
            sqlite3_bind_int64(mark, 7, millis);
            sqlite3_bind_int64(mark, 8, millis);
            if (run(mark)) goto failed;
        }
        memcpy(marked, claimed, claimed_count * sizeof *marked);
        marked_count = claimed_count;
        for (int i = 0; i < fetched_count; i++) {
            make_key(fetched[i], key);
            sqlite3_bind_blob(claim, 1, key, 16, SQLITE_TRANSIENT);
            sqlite3_bind_int64(claim, 2, 1);
            sqlite3_bind_int64(claim, 3, 0);
            sqlite3_bind_int64(claim, 4, 7);
            sqlite3_bind_int64(claim, 5, millis);
            if (run(claim)) goto failed;
        }
        memcpy(claimed, fetched, fetched_count * sizeof *claimed);
        claimed_count = fetched_count;
        for (int i = 0; i < batch; i++) {
            number++;
            snprintf(id, sizeof id, "72d3162e-cc78-11e3-81ab-%012lld", number);
            sqlite3_bind_int64(event, 1, number);
            sqlite3_bind_int64(event, 2, millis);
            sqlite3_bind_int64(event, 3, 1);
            sqlite3_bind_text(event, 4, id, -1, SQLITE_TRANSIENT);
            sqlite3_bind_text(event, 5, "github.push", -1, SQLITE_TRANSIENT);
            sqlite3_bind_int64(event, 6, millis * 1000);
            sqlite3_bind_null(event, 7);
            sqlite3_bind_text(event, 8, "application/json", -1, SQLITE_TRANSIENT);
            sqlite3_bind_null(event, 9);
            sqlite3_bind_null(event, 10);
            sqlite3_bind_blob(event, 11, body, body_bytes, SQLITE_TRANSIENT);
            if (run(event)) goto failed;
            sqlite3_bind_int64(delivery, 1, 1);
            sqlite3_bind_int64(delivery, 2, number);
            sqlite3_bind_null(delivery, 3);
            sqlite3_bind_int64(delivery, 4, 1);
            sqlite3_bind_int64(delivery, 5, 0);
            sqlite3_bind_null(delivery, 6);
            if (run(delivery)) goto failed;
        }
        sqlite3_bind_int64(fetch, 1, 1);
        sqlite3_bind_int64(fetch, 2, batch);
        int code;
        fetched_count = 0;
        while ((code = sqlite3_step(fetch)) == SQLITE_ROW) {
            fetched[fetched_count++] = sqlite3_column_int64(fetch, 0);
            // Read it, as a consumer does.
            memcpy(body, sqlite3_column_blob(fetch, 14), sqlite3_column_bytes(fetch, 14));
        }
        sqlite3_reset(fetch);
        if (code != SQLITE_DONE) goto failed;
        if (fetched_count > 0) {
            sqlite3_bind_int64(hold, 1, 1);
            sqlite3_bind_int64(hold, 2, fetched[fetched_count - 1]);
            sqlite3_bind_int64(hold, 3, 7);
            if (run(hold)) goto failed;
        }
        sqlite3_bind_int64(count, 1, batch);
        sqlite3_bind_int64(count, 2, marked_count);
        sqlite3_bind_int64(count, 3, 1);
        sqlite3_bind_int64(save, 1, number);
        sqlite3_bind_int64(save, 2, number * body_bytes);
        sqlite3_bind_int64(save, 3, 0);
        sqlite3_bind_int64(save, 4, 1);
        if (run(count) || run(save) || run(commit)) goto failed;
        if (wal_pages >= checkpoint_pages) {
            wal_pages = 0;
            if (sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL)) goto failed;
        }
    }
    result.events = done;
    result.events_per_second = done / (now() - start);
    goto finished;
failed:
    snprintf(result.error, sizeof result.error, "%s", db ? sqlite3_errmsg(db) : "out of memory");
finished:
    sqlite3_close_v2(db);
    free(body);
    free(fetched);
    free(claimed);
    free(marked);
    return result;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double flotilla_bench_fdatasync(const char *path, int count) {
    static char page[4096];
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    double *took = calloc(count, sizeof *took), median = -1;
    if (file < 0 || took == NULL || count < 1) goto end;
    for (int i = 0; i < 64; i++) {
        if (write(file, page, sizeof page) < 0) goto end;
    }
    if (fsync(file) != 0) goto end;
    for (int i = 0; i < count; i++) {
        double start = now();
        if (pwrite(file, page, sizeof page, (i % 64) * 4096) < 0 || fdatasync(file) != 0) goto end;
        took[i] = (now() - start) * 1e6;
    }
    qsort(took, count, sizeof *took, by_value);
    median = took[count / 2];
end:
    if (file >= 0) close(file);
    free(took);
    return median;
}
