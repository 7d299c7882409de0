// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// One request on a connection of its own, its bytes as the test wrote them, and whatever came back until the other side closed.
enum Wire {
    struct Answer: Sendable {
        let status: Int
        let head: String
        let body: String

        func header(_ name: String) -> String? {
            head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }

    enum Failure: Error {
        case refused(Int32)
        case noAnswer
    }

    static func request(
        _ port: Int, _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> Answer {
        let bytes = bytes(method, target, headers: headers, body: body)
        return try await onThread {
            let connection = try Connection(port)
            defer { connection.close() }
            connection.send(bytes)
            return try connection.answer()
        }
    }

    static func get(_ port: Int, _ target: String) async throws -> Answer {
        try await request(port, "GET", target)
    }

    static func bytes(_ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []) -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if method == "POST" { text += "Content-Length: \(body.count)\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return Array((text + "\r\n").utf8) + body
    }
}

/// Runs what blocks on a thread of its own: the pool of the tests' tasks has only as many as there are cores.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
