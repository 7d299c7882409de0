// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import TestSupport

/// Stands between a client and a server on loopback, and does what networks do: it stops reading, or it cuts. Ended by `end`.
final class TCPProxy: Sendable {
    private struct State {
        var descriptors: Set<Int32> = []
        var stalled = false
        /// How much more clients may send before nothing more of it is read.
        var slack: Int?
        /// How much more clients may send before they are cut off.
        var fuse: Int?
        /// Clients that are never read from again.
        var frozen: Set<Int32> = []
        var ended = false
    }

    let port: Int
    private let listening: Int32
    private let target: Int
    private let state = Mutex(State())

    init(to target: Int, on port: Int? = nil) throws {
        self.target = target
        self.port = try port ?? Ports.free()
        listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard Ports.withLoopback(self.port, { bind(listening, $0, $1) }) == 0, listen(listening, 16) == 0 else {
            throw RawRabbit.Refused(what: "the proxy can't listen")
        }
        Thread.detachNewThread { self.accepting() }
    }

    /// From now on nothing that clients send is read; what they are sent still arrives.
    func stall() { state.withLock { $0.stalled = true } }

    /// As soon as clients have sent so many more bytes.
    func stall(after bytes: Int) { state.withLock { $0.slack = bytes } }

    var isStalled: Bool { state.withLock { $0.stalled } }

    /// The same for the connections that there are, and for as long as they last; those that come later work.
    func freeze() { state.withLock { $0.frozen = $0.descriptors } }

    func resume() { state.withLock { $0.stalled = false } }

    /// Cuts after so many more bytes of clients, wherever in a frame that is.
    func cut(after bytes: Int) { state.withLock { $0.fuse = bytes } }

    func cut() {
        state.withLock { state in
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func end() {
        state.withLock { $0.ended = true }
        shutdown(listening, Int32(SHUT_RDWR))
        close(listening)
        cut()
    }

    private func accepting() {
        while true {
            let client = accept(listening, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard Ports.withLoopback(target, { connect(server, $0, $1) }) == 0 else {
                close(client)
                close(server)
                continue
            }
            let left = Atomic(2)
            state.withLock { $0.descriptors.formUnion([client, server]) }
            let finish: @Sendable () -> Void = { [self] in
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
                guard left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
                state.withLock {
                    $0.descriptors.subtract([client, server])
                    $0.frozen.subtract([client, server])
                }
                close(client)
                close(server)
            }
            Thread.detachNewThread {
                self.pump(from: client, to: server, fromClient: true)
                finish()
            }
            Thread.detachNewThread {
                self.pump(from: server, to: client, fromClient: false)
                finish()
            }
        }
    }

    private func pump(from: Int32, to: Int32, fromClient: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            // Looked at before each read: a stalled proxy holds at most one buffer.
            while fromClient, state.withLock({ ($0.stalled || $0.frozen.contains(from)) && !$0.ended }) {
                var watched = pollfd(fd: from, events: 0, revents: 0)
                if poll(&watched, 1, 20) > 0 { return }
            }
            let count = read(from, &buffer, buffer.count)
            guard count > 0 else { return }
            let allowed = fromClient ? burn(count) : count
            var sent = 0
            while sent < allowed {
                let written = send(to, Array(buffer[sent..<allowed]), allowed - sent, Int32(MSG_NOSIGNAL))
                guard written > 0 else { return }
                sent += written
            }
            if allowed < count { return cut() }
            if fromClient { tighten(count) }
        }
    }

    private func tighten(_ count: Int) {
        state.withLock { state in
            guard let slack = state.slack else { return }
            state.slack = slack > count ? slack - count : nil
            if slack <= count { state.stalled = true }
        }
    }

    /// How much of it may still pass.
    private func burn(_ count: Int) -> Int {
        state.withLock { state in
            guard let fuse = state.fuse else { return count }
            state.fuse = fuse >= count ? fuse - count : nil
            return min(fuse, count)
        }
    }
}
