// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaRuntime

/// One connection to one host, as librabbitmq has it: opened by `init`, which blocks, ended by `close`. It never leaves the thread
/// of its Loop. Calls that wait for an answer have a deadline; publishing has none, which is what SocketWatch is for.
final class Link {
    private(set) var handle: OpaquePointer?
    /// What was agreed on: a broker may want less than we offer.
    private(set) var frameLimit: Int
    private let watch: SocketWatch
    /// Nil with TLS, which is librabbitmq's own.
    private let outbox: Outbox?
    private var lastChannel: UInt16 = 3

    static let heartbeatSeconds: Int32 = 20
    static let connectSeconds: Int32 = 5
    static let answerSeconds: Int32 = 15
    static let goodbyeSeconds: Int32 = 2
    static let frameSize: Int32 = 131_072

    init(_ address: BrokerAddress, host: BrokerAddress.Host, name: String, watch: SocketWatch) throws(LinkFailure) {
        guard let handle = amqp_new_connection() else { throw .lost("there is no memory for a connection") }
        self.watch = watch
        self.handle = handle
        outbox = address.tls == nil ? Outbox() : nil
        frameLimit = Int(Self.frameSize)
        do throws(LinkFailure) {
            try Self.open(handle, address, host, watch)
            try Self.logIn(handle, address, name)
            frameLimit = Int(amqp_get_frame_max(handle))
        } catch {
            close()
            throw error
        }
    }

    deinit {
        close()
    }

    private static func open(
        _ handle: OpaquePointer, _ address: BrokerAddress, _ host: BrokerAddress.Host, _ watch: SocketWatch
    ) throws(LinkFailure) {
        let place = "\(host.name):\(host.port)"
        var limit = flotilla_seconds(connectSeconds)
        let socket = address.tls == nil ? amqp_tcp_socket_new(handle) : amqp_ssl_socket_new(handle)
        guard let socket else { throw .lost("there is no memory for a socket") }
        if let tls = address.tls { try secure(socket, tls) }
        let status = amqp_socket_open_noblock(socket, host.name, Int32(host.port), &limit)
        guard status == AMQP_STATUS_OK.rawValue else { throw .opening(place, status) }
        let descriptor = amqp_get_sockfd(handle)
        flotilla_guard_socket(descriptor, 15_000)
        watch.opened(descriptor)
        amqp_set_handshake_timeout(handle, &limit)
        var answer = flotilla_seconds(answerSeconds)
        amqp_set_rpc_timeout(handle, &answer)
    }

    private static func secure(_ socket: OpaquePointer, _ tls: BrokerAddress.TLS) throws(LinkFailure) {
        guard amqp_ssl_socket_set_cacert(socket, tls.authorities) == AMQP_STATUS_OK.rawValue else {
            throw .lost("the authorities of cacertfile can't be read")
        }
        if let certificate = tls.certificate {
            guard amqp_ssl_socket_set_key(socket, certificate, tls.key ?? certificate) == AMQP_STATUS_OK.rawValue else {
                throw .lost("certfile and keyfile can't be read or do not belong together")
            }
        }
        amqp_ssl_socket_set_verify_peer(socket, 1)
        amqp_ssl_socket_set_verify_hostname(socket, 1)
        amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
    }

    private static func logIn(_ handle: OpaquePointer, _ address: BrokerAddress, _ name: String) throws(LinkFailure) {
        let reply = ClientProperties.with(name: name) { properties in
            flotilla_login(handle, address.vhost, frameSize, heartbeatSeconds, properties, address.user, address.password?.expose())
        }
        guard reply.reply_type != AMQP_RESPONSE_NORMAL else { return }
        // A broker that refuses a password closes the socket, or says why; both come as one of these.
        throw .lost("\(failure(reply, "logging in").description): is the user, its password or the vhost wrong?")
    }

    /// A socket that is closed with something unread in it takes along what was sent last.
    func sayGoodbye() {
        guard let handle else { return }
        var limit = flotilla_seconds(Self.goodbyeSeconds)
        amqp_set_rpc_timeout(handle, &limit)
        _ = amqp_connection_close(handle, Int32(AMQP_REPLY_SUCCESS))
    }

    func close() {
        guard let handle else { return }
        self.handle = nil
        watch.closing()
        // Closes the socket without a word: what was unconfirmed or unacknowledged is decided by the broker, as after a crash.
        amqp_destroy_connection(handle)
    }

    // MARK: Frames

    /// The next frame that has come; nil when there is none. Its memory lasts until `release`.
    func next() throws(LinkFailure) -> amqp_frame_t? {
        guard let handle else { throw .lost("the connection is closed") }
        var frame = amqp_frame_t()
        var none = flotilla_seconds(0)
        let status = amqp_simple_wait_frame_noblock(handle, &frame, &none)
        if status == AMQP_STATUS_OK.rawValue { return frame }
        if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
        throw .status("reading from the broker", status)
    }

    /// Something has come that the socket will not tell of again.
    var hasBuffered: Bool {
        guard let handle else { return false }
        return amqp_frames_enqueued(handle) != 0 || amqp_data_in_buffer(handle) != 0
    }

    func release() {
        if let handle { amqp_maybe_release_buffers(handle) }
    }

    var descriptor: Int32 { handle.map { amqp_get_sockfd($0) } ?? -1 }

    // MARK: Calls

    /// One call of librabbitmq that answers with a status.
    func send(_ what: String, _ body: (OpaquePointer) -> Int32) throws(LinkFailure) {
        guard let handle else { throw .lost("the connection is closed") }
        let status = body(handle)
        guard status == AMQP_STATUS_OK.rawValue else { throw .status(what, status) }
    }

    /// What `body` publishes leaves by one call, or in as few segments as it fits into: librabbitmq would send one for each message, and
    /// waking the broker for each costs it more than the message does.
    func together(_ body: () throws(LinkFailure) -> Void) throws(LinkFailure) {
        let descriptor = descriptor
        guard let outbox else {
            flotilla_cork(descriptor, 1)
            defer { flotilla_cork(descriptor, 0) }
            return try body()
        }
        try body()
        try outbox.leave(by: descriptor)
    }

    /// Inside `together`.
    func publish(
        _ method: amqp_basic_publish_t, _ properties: amqp_basic_properties_t, _ body: amqp_bytes_t, on channel: UInt16
    ) throws(LinkFailure) {
        if let outbox {
            if outbox.take(method, properties, body, on: channel, frameLimit: frameLimit) { return }
            try outbox.leave(by: descriptor)
        }
        var properties = properties
        try send("publishing") { handle in
            amqp_basic_publish(handle, channel, method.exchange, method.routing_key, method.mandatory, 0, &properties, body)
        }
    }

    /// One call that waits for the broker's answer. A channel that the broker closed for it can be opened again.
    func ask(_ what: String, on channel: UInt16, _ body: (OpaquePointer) -> Void) throws(LinkFailure) {
        guard let handle else { throw .lost("the connection is closed") }
        body(handle)
        let reply = amqp_get_rpc_reply(handle)
        guard reply.reply_type != AMQP_RESPONSE_NORMAL else { return }
        let failure = Self.failure(reply, what)
        if failure.kind != .lost { try confirmClosed(channel) }
        throw failure
    }

    /// One that was not used for long. What had come over a channel when it was closed is still in librabbitmq's queue, and would be taken
    /// for what comes over the next one of the same number.
    func freshChannel() -> UInt16 {
        let agreed = handle.map { amqp_get_channel_max($0) } ?? 0
        let most = agreed > 4 ? UInt16(clamping: min(agreed, 1000)) : 1000
        lastChannel = lastChannel >= most ? 4 : lastChannel + 1
        return lastChannel
    }

    func openChannel(_ channel: UInt16) throws(LinkFailure) {
        try ask("opening a channel", on: channel) { _ = amqp_channel_open($0, channel) }
    }

    func closeChannel(_ channel: UInt16) throws(LinkFailure) {
        guard let handle else { return }
        let reply = amqp_channel_close(handle, channel, Int32(AMQP_REPLY_SUCCESS))
        guard reply.reply_type == AMQP_RESPONSE_NORMAL else { throw Self.failure(reply, "closing a channel") }
    }

    /// Answers a channel that the broker closed.
    func confirmClosed(_ channel: UInt16) throws(LinkFailure) {
        var ok = amqp_channel_close_ok_t()
        try send("closing a channel") { amqp_send_method($0, channel, flotilla_channel_close_ok, &ok) }
    }

    static func failure(_ reply: amqp_rpc_reply_t, _ what: String) -> LinkFailure {
        switch reply.reply_type {
        case AMQP_RESPONSE_LIBRARY_EXCEPTION:
            return .status(what, reply.library_error)
        case AMQP_RESPONSE_SERVER_EXCEPTION where reply.reply.id == flotilla_channel_close:
            let close = reply.reply.decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return LinkFailure(kind: .channel(Int(close.reply_code)), description: "\(what): \(LinkFailure.words(close.reply_text))")
        case AMQP_RESPONSE_SERVER_EXCEPTION where reply.reply.id == flotilla_connection_close:
            let close = reply.reply.decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            return .lost("\(what): \(LinkFailure.words(close.reply_text))")
        default:
            return .lost("\(what): the connection ended")
        }
    }
}

extension amqp_method_t {
    /// What the broker sent, as the type that its number says.
    func decoded<Value>(as type: Value.Type) -> Value? {
        decoded.map { $0.assumingMemoryBound(to: type).pointee }
    }
}
