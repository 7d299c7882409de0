// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// The TLS of one connection: bytes of the network in, bytes of HTTP out, and the other way round. It knows no socket, as the request
/// parser knows none: OpenSSL reads what it is handed, and what it writes waits in `output`. Lives as long as its connection, on its loop.
///
/// It holds at most one record of input, and no memory for it while there is none.
final class TLSSession {
    enum Step {
        case bytes(Int)
        /// All that was handed in was read.
        case more
        /// The client has said that it sends nothing more.
        case ended
        /// The session is over; `output` may hold an alert that says why.
        case failed
    }

    private let session: OpaquePointer
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)
    private var output: [UInt8] = []
    private(set) var hasBegun = false
    private var hasFailed = false

    /// Takes the session over.
    init?(_ session: OpaquePointer) {
        self.session = session
        guard let method = TLSSession.method, let bio = BIO_new(method) else { return nil }
        // Unretained: the BIO lives and dies with this.
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        // One for both directions, and one reference to it.
        SSL_set_bio(session, bio, bio)
        SSL_set_accept_state(session)
    }

    deinit {
        SSL_free(session)
    }

    /// The handshake is over, and did not fail.
    var isEstablished: Bool { !hasFailed && SSL_is_init_finished(session) == 1 }

    /// In the handshake, or in the middle of a record.
    var isMidway: Bool { hasBegun && (!isEstablished || SSL_has_pending(session) == 1) }

    /// These bytes stay where they are until `read` has answered `more`.
    func take(_ bytes: UnsafeRawBufferPointer) {
        input = bytes
        hasBegun = true
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
        guard !hasFailed else { return .failed }
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
        guard count <= 0 else { return .bytes(Int(count)) }
        switch SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ: return .more
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            hasFailed = true
            ERR_clear_error()
            return .failed
        }
    }

    /// False when nothing can be said to the client any more.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isEstablished else { return false }
        ERR_clear_error()
        guard bytes.isEmpty || SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count)) == Int32(clamping: bytes.count) else {
            hasFailed = true
            ERR_clear_error()
            return false
        }
        return true
    }

    /// Says that nothing more will be sent: without it, a client can't tell an end from a cut.
    func sayGoodbye() {
        guard isEstablished, SSL_get_shutdown(session) & SSL_SENT_SHUTDOWN == 0 else { return }
        ERR_clear_error()
        SSL_shutdown(session)
        ERR_clear_error()
    }

    /// What must go to the client now.
    func takeOutput() -> [UInt8] {
        guard !output.isEmpty else { return [] }
        defer { output = [] }
        return output
    }

    // MARK: What OpenSSL asks for

    fileprivate func read(_ place: UnsafeMutablePointer<CChar>?, _ limit: Int32) -> Int32 {
        let count = min(Int(limit), input.count)
        guard count > 0, let place else { return -1 }
        UnsafeMutableRawBufferPointer(start: place, count: count).copyMemory(from: UnsafeRawBufferPointer(rebasing: input[0..<count]))
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return Int32(count)
    }

    fileprivate func append(_ bytes: UnsafePointer<CChar>?, _ count: Int32) {
        output.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    }

    /// A kind of BIO whose two ends are the session's `input` and `output`. Made once for the process; unsafe only in its type, because
    /// nothing changes it afterwards.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "flotilla") else { return nil }
        BIO_meth_set_read(method) { bio, place, limit in
            let count = TLSSession.of(bio)?.read(place, limit) ?? -1
            flotilla_bio_go_on(bio)
            if count < 0 { flotilla_bio_wait_for_input(bio) }
            return count
        }
        BIO_meth_set_write(method) { bio, bytes, count in
            flotilla_bio_go_on(bio)
            TLSSession.of(bio)?.append(bytes, count)
            return count
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == Int32(BIO_CTRL_FLUSH) ? 1 : 0 }
        return method
    }()

    private static func of(_ bio: OpaquePointer?) -> TLSSession? {
        BIO_get_data(bio).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
    }
}
