// SPDX-License-Identifier: Apache-2.0

internal import CCurl
package import FlotillaRuntime
internal import Synchronization

/// An HTTP client over libcurl's multi interface: many requests at once on one loop, connections kept and used again.
///
/// Made for a loop, ended by `close()`, before the loop is. It follows no redirect, asks no proxy, speaks http and https only.
/// libcurl calls back on the loop's thread, inside of the calls made there.
///
/// Sendable because only the thread of the loop touches what is mutable here, and libcurl's handles.
package final class Client: @unchecked Sendable {
    private let loop: Loop
    private let connections: Int
    private var multi: UnsafeMutableRawPointer?
    private var isClosed = false
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    private var watches: [Int32: Watch] = [:]
    private var timer: LoopTimer?

    /// `connections`: at most so many to one host at once; further requests wait, and their timeout runs.
    package init(loop: Loop, connections: Int = 64) {
        self.loop = loop
        self.connections = connections
    }

    /// The answer, whatever its status. A task that is cancelled gives the request up, which may have reached the server.
    package func send(_ request: ClientRequest) async throws(ClientFailure) -> ClientResponse {
        let transfer = Transfer(request)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.post {
                    transfer.wait(continuation)
                    self.begin(transfer)
                }
            }
        } onCancel: {
            loop.post { self.end(transfer, .failure(.cancelled)) }
        }
        return try outcome.get()
    }

    /// Ends what is under way with `closed`, and every connection.
    package func close() async {
        await withCheckedContinuation { continuation in
            loop.post {
                self.closeNow()
                continuation.resume()
            }
        }
    }

    // MARK: Transfers

    private func begin(_ transfer: Transfer) {
        guard !transfer.isFinished else { return }
        guard !isClosed else { return transfer.finish(.failure(.closed)) }
        do throws(ClientFailure) {
            let multi = try open()
            let handle = try transfer.prepare()
            transfers[handle] = transfer
            let code = curl_multi_add_handle(multi, handle)
            if code != CURLM_OK { end(transfer, .failure(.other(code.rawValue))) }
        } catch {
            transfer.finish(.failure(error))
        }
    }

    private func end(_ transfer: Transfer, _ outcome: Transfer.Outcome) {
        if let handle = transfer.handle, transfers.removeValue(forKey: handle) != nil { curl_multi_remove_handle(multi, handle) }
        transfer.finish(outcome)
    }

    /// Libcurl's state goes on: a socket is ready, or time has passed (-1).
    private func act(_ socket: Int32, _ events: Int32) {
        guard let multi else { return }
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, events, &running)
        var code = CURLE_OK
        while let handle = flotilla_curl_multi_ended(multi, &code) {
            curl_multi_remove_handle(multi, handle)
            transfers.removeValue(forKey: handle)?.finish(code: code)
        }
    }

    // MARK: Life

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private func open() throws(ClientFailure) -> UnsafeMutableRawPointer {
        if let multi { return multi }
        guard Self.isReady, let multi = curl_multi_init() else { throw .other(Int32(CURLE_FAILED_INIT.rawValue)) }
        flotilla_curl_multi_set_callbacks(multi, watchSocket, setTimer, Unmanaged.passUnretained(self).toOpaque())
        flotilla_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections)
        flotilla_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connections)
        self.multi = multi
        return multi
    }

    private func closeNow() {
        isClosed = true
        for transfer in Array(transfers.values) { end(transfer, .failure(.closed)) }
        // Closes the kept connections, and calls back for each of their sockets.
        if let multi { curl_multi_cleanup(multi) }
        multi = nil
        for watch in watches.values { loop.cancel(watch) }
        watches = [:]
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    // MARK: What libcurl asks for

    fileprivate func watch(_ socket: Int32, _ what: Int32) {
        var interest: Readiness = []
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { interest.insert(.readable) }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { interest.insert(.writable) }
        guard what != CURL_POLL_REMOVE else {
            if let watch = watches.removeValue(forKey: socket) { loop.cancel(watch) }
            return
        }
        if let watch = watches[socket] { return loop.change(watch, to: interest) }
        // A socket that can't be watched is found by the timeout of its request.
        watches[socket] = try? loop.watch(socket, for: interest) { [self] readiness in
            var events: Int32 = 0
            if readiness.contains(.readable) { events |= CURL_CSELECT_IN }
            if readiness.contains(.writable) { events |= CURL_CSELECT_OUT }
            if !readiness.isDisjoint(with: [.failed, .hangup]) { events |= CURL_CSELECT_ERR }
            act(socket, events)
        }
    }

    fileprivate func wakeUp(after milliseconds: Int) {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard milliseconds >= 0 else { return }
        // Never at once: libcurl may not be called from inside its own callback.
        timer = loop.schedule(after: .milliseconds(milliseconds)) { [self] in
            timer = nil
            act(-1, 0)
        }
    }
}

private func watchSocket(
    _ handle: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: Int32, _ context: UnsafeMutableRawPointer?,
    _ socketContext: UnsafeMutableRawPointer?
) -> Int32 {
    if let context { Unmanaged<Client>.fromOpaque(context).takeUnretainedValue().watch(socket, what) }
    return 0
}

private func setTimer(_ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?) -> Int32 {
    if let context { Unmanaged<Client>.fromOpaque(context).takeUnretainedValue().wakeUp(after: milliseconds) }
    return 0
}
