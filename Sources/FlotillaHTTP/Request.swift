// SPDX-License-Identifier: Apache-2.0

/// What is known of a request before its body is read.
package struct RequestHead: Sendable, Equatable {
    package var method: String
    /// The target as it was sent: path and query, percent-encoding untouched.
    package var target: String
    package var headers: Headers
    /// Who is at the other end of the connection: the sender, or a proxy.
    package var peer = NetworkAddress.unknown

    package init(method: String, target: String, headers: Headers = Headers()) {
        self.method = method
        self.target = target
        self.headers = headers
    }

    package var path: Substring { target[..<(target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex)] }

    /// What follows the question mark; empty where there is none.
    package var query: Substring {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "" }
        return target[target.utf8.index(after: mark)...]
    }
}

/// One whole request: its body is read to the end, and within the limit, before anybody sees it.
package struct Request: Sendable, Equatable {
    package var head: RequestHead
    package var body: [UInt8]
    /// When its first byte came, on the monotonic clock: the client's patience counts from there. Nil where it came over no socket.
    package var arrival: UInt64?

    package init(head: RequestHead, body: [UInt8] = [], arrival: UInt64? = nil) {
        self.head = head
        self.body = body
        self.arrival = arrival
    }
}
