// librabbitmq's login is variadic and its method numbers are macros with casts, which Swift does not import; a socket's
// TCP_USER_TIMEOUT is in no module of Swift's.
#ifndef FLOTILLA_CRABBITMQ_SHIM_H
#define FLOTILLA_CRABBITMQ_SHIM_H

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

static const uint32_t flotilla_basic_publish = AMQP_BASIC_PUBLISH_METHOD;
static const uint32_t flotilla_basic_ack = AMQP_BASIC_ACK_METHOD;
static const uint32_t flotilla_basic_nack = AMQP_BASIC_NACK_METHOD;
static const uint32_t flotilla_basic_return = AMQP_BASIC_RETURN_METHOD;
static const uint32_t flotilla_basic_deliver = AMQP_BASIC_DELIVER_METHOD;
static const uint32_t flotilla_basic_cancel = AMQP_BASIC_CANCEL_METHOD;
static const uint32_t flotilla_basic_cancel_ok = AMQP_BASIC_CANCEL_OK_METHOD;
static const uint32_t flotilla_basic_get_ok = AMQP_BASIC_GET_OK_METHOD;
static const uint32_t flotilla_channel_close = AMQP_CHANNEL_CLOSE_METHOD;
static const uint32_t flotilla_channel_close_ok = AMQP_CHANNEL_CLOSE_OK_METHOD;
static const uint32_t flotilla_connection_close = AMQP_CONNECTION_CLOSE_METHOD;
static const uint32_t flotilla_connection_close_ok = AMQP_CONNECTION_CLOSE_OK_METHOD;
static const uint32_t flotilla_connection_blocked = AMQP_CONNECTION_BLOCKED_METHOD;
static const uint32_t flotilla_connection_unblocked = AMQP_CONNECTION_UNBLOCKED_METHOD;

// By user and password, or by the client's certificate when there is no password.
static inline amqp_rpc_reply_t flotilla_login(
    amqp_connection_state_t connection, const char *vhost, int frame_max, int heartbeat, const amqp_table_t *properties,
    const char *user, const char *password) {
    if (!password)
        return amqp_login_with_properties(
            connection, vhost, 0, frame_max, heartbeat, properties, AMQP_SASL_METHOD_EXTERNAL, user);
    return amqp_login_with_properties(
        connection, vhost, 0, frame_max, heartbeat, properties, AMQP_SASL_METHOD_PLAIN, user, password);
}

// A time limit; timeval's own initializer belongs to whichever module named it first.
static inline struct timeval flotilla_seconds(int seconds) {
    struct timeval limit = {.tv_sec = seconds, .tv_usec = 0};
    return limit;
}

static inline struct timeval flotilla_milliseconds(int milliseconds) {
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    return limit;
}

// What is sent and not acknowledged for so long ends the connection; an idle one is asked whether its peer is there.
static inline void flotilla_guard_socket(int fd, unsigned int milliseconds) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

// While it is on, what is sent leaves in full segments; turning it off sends the rest.
static inline void flotilla_cork(int fd, int on) {
    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}
#endif
