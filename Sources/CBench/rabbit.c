// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int works(amqp_connection_state_t s) { return amqp_get_rpc_reply(s).reply_type == AMQP_RESPONSE_NORMAL; }

static amqp_connection_state_t open_connection(const struct flotilla_bench_broker *b) {
    amqp_connection_state_t s = amqp_new_connection();
    amqp_socket_t *socket = s ? amqp_tcp_socket_new(s) : NULL;
    if (socket && amqp_socket_open(socket, b->host, b->port) == AMQP_STATUS_OK &&
        amqp_login(s, b->vhost, 0, 131072, 60, AMQP_SASL_METHOD_PLAIN, b->user, b->password).reply_type == AMQP_RESPONSE_NORMAL) {
        amqp_channel_open(s, 1);
        if (works(s)) return s;
    }
    if (s) amqp_destroy_connection(s);
    return NULL;
}

// What a webhook event carries.
static const char *headers[7][2] = {
    {"cloudEvents:specversion", "1.0"},
    {"cloudEvents:id", "72d3162e-cc78-11e3-81ab-4c9367dc0958"},
    {"cloudEvents:source", "/hooks/github"},
    {"cloudEvents:type", "github.push"},
    {"cloudEvents:time", "2026-11-21T03:00:00.000000Z"},
    {"cloudEvents:traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    {"cloudEvents:tenant", "35129377"},
};

double flotilla_bench_rabbit_publish(
    const struct flotilla_bench_broker *broker, const char *exchange, const char *key, long long count, long long window) {
    amqp_connection_state_t s = open_connection(broker);
    if (!s) return -1;
    double rate = -1;
    char body[1024];
    memset(body, 'x', sizeof body);
    amqp_bytes_t bytes = {sizeof body, body};
    amqp_table_entry_t entries[7];
    for (int i = 0; i < 7; i++) {
        entries[i].key = amqp_cstring_bytes(headers[i][0]);
        entries[i].value.kind = AMQP_FIELD_KIND_UTF8;
        entries[i].value.value.bytes = amqp_cstring_bytes(headers[i][1]);
    }
    amqp_basic_properties_t p;
    memset(&p, 0, sizeof p);
    p._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
    p.delivery_mode = 2;
    p.headers.num_entries = 7;
    p.headers.entries = entries;
    p.message_id = amqp_cstring_bytes(headers[1][1]);
    p.content_type = amqp_cstring_bytes("application/json");
    amqp_confirm_select(s, 1);
    if (!works(s)) goto end;
    long long sent = 0, done = 0;
    struct timeval none = {0, 0}, limit = {30, 0};
    double start = now();
    while (done < count) {
        while (sent < count && sent - done < window) {
            if (amqp_basic_publish(s, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes(key), 1, 0, &p, bytes)) goto end;
            sent++;
        }
        amqp_frame_t f;
        int status = amqp_simple_wait_frame_noblock(s, &f, &limit);
        if (status) goto end;
        do {
            if (f.frame_type != AMQP_FRAME_METHOD) continue;
            if (f.payload.method.id != AMQP_BASIC_ACK_METHOD) goto end;
            amqp_basic_ack_t *ack = f.payload.method.decoded;
            if (ack->multiple) done = (long long)ack->delivery_tag;
            else done++;
        } while (amqp_simple_wait_frame_noblock(s, &f, &none) == AMQP_STATUS_OK);
        amqp_maybe_release_buffers(s);
    }
    rate = count / (now() - start);
end:
    amqp_destroy_connection(s);
    return rate;
}

double flotilla_bench_rabbit_consume(const struct flotilla_bench_broker *broker, const char *queue, long long count, int prefetch) {
    amqp_connection_state_t s = open_connection(broker);
    if (!s) return -1;
    double rate = -1;
    amqp_basic_qos(s, 1, 0, prefetch, 0);
    if (!works(s)) goto end;
    amqp_basic_consume(s, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    if (!works(s)) goto end;
    double start = now();
    for (long long i = 0; i < count; i++) {
        amqp_envelope_t m;
        struct timeval limit = {30, 0};
        amqp_maybe_release_buffers(s);
        if (amqp_consume_message(s, &m, &limit, 0).reply_type != AMQP_RESPONSE_NORMAL) goto end;
        if (i % 32 == 31 || i == count - 1) amqp_basic_ack(s, 1, m.delivery_tag, 1);
        amqp_destroy_envelope(&m);
    }
    rate = count / (now() - start);
    // The last acknowledgement has arrived when this is answered.
    amqp_channel_close(s, 1, AMQP_REPLY_SUCCESS);
end:
    amqp_destroy_connection(s);
    return rate;
}
