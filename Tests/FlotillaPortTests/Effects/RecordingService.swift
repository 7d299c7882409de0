// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import TestSupport

/// Somebody else's service, on a port of the loopback: it outlives every worker that calls it, and counts what it did. What a POST names is
/// done, once for one idempotency key where the name begins with `keyed`; a GET tells whether it was done. A thread for each connection.
final class RecordingService: Sendable {
    private struct State {
        var done: [String: Int] = [:]
        var keys: [String: Set<String>] = [:]
        var requests = 0
        /// Of whom so many answers are held back, the first ones.
        var held: [String: Int] = [:]
        var waiting: [DispatchSemaphore] = []
        var isOpen = false
    }

    let port: Int
    let arrived = Tally()
    private let listening: Int32
    private let state: Mutex<State>

    init(holding held: Set<String> = [], answers: Int = 1) throws {
        port = try Ports.free()
        state = Mutex(State(held: Dictionary(uniqueKeysWithValues: held.map { ($0, answers) })))
        listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard Ports.withLoopback(port, { bind(listening, $0, $1) }) == 0, listen(listening, 64) == 0 else {
            throw RawRabbit.Refused(what: "the service can't listen")
        }
        Thread.detachNewThread { [listening, self] in
            while case let client = accept(listening, nil, nil), client >= 0 {
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    /// How often it was done.
    func count(_ id: String) -> Int { state.withLock { $0.done[id, default: 0] } }

    /// Under how many idempotency keys it was asked for.
    func keys(_ id: String) -> Int { state.withLock { $0.keys[id, default: []].count } }

    /// Lets every answer go.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.signal() }
    }

    /// Lets the answer go that has been held back for the longest time.
    func letOneGo() {
        state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }?.signal()
    }

    func end() {
        open()
        shutdown(listening, Int32(SHUT_RDWR))
        close(listening)
    }

    private func serve(_ client: Int32) {
        defer { close(client) }
        guard let head = Self.head(client) else { return }
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return }
        let id = String(words[1].dropFirst())
        let key = lines.first { $0.lowercased().hasPrefix("idempotency-key: ") }.map { String($0.dropFirst(17)) } ?? ""
        let known = words[0] == "POST" ? done(id, key) : count(id) > 0
        if words[0] == "POST" { holdBack(id) }
        let body = known ? "receipt of \(id)" : "unknown"
        let answer =
            "HTTP/1.1 \(known ? "200 OK" : "404 Not Found")\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        _ = answer.withCString { send(client, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    private func done(_ id: String, _ key: String) -> Bool {
        state.withLock { state in
            let isNew = state.keys[id, default: []].insert(key).inserted
            if isNew || !id.hasPrefix("keyed") { state.done[id, default: 0] += 1 }
        }
        arrived.add()
        return true
    }

    /// It is done by now; its answer waits.
    private func holdBack(_ id: String) {
        let wait = state.withLock { state -> DispatchSemaphore? in
            guard let left = state.held[id], left > 0, !state.isOpen else { return nil }
            state.held[id] = left - 1
            let wait = DispatchSemaphore(value: 0)
            state.waiting.append(wait)
            return wait
        }
        wait?.wait()
    }

    /// Nil when the caller went before it had said everything.
    private static func head(_ client: Int32) -> String? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") { return String(text[..<end.lowerBound]) }
        }
    }
}
