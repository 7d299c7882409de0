// SPDX-License-Identifier: Apache-2.0

/// Whoever answers the requests of a Server.
///
/// Both calls come on the loop of the connection, and one connection never has two requests with its responder at once.
/// A client that goes away is not told: `respond` runs to its end (what it began to publish stays whole), and the answer is dropped.
package protocol Responder: Sendable {
    /// Called when the head is complete, before the body is read. An answer refuses the request here; nil goes on.
    func admit(_ head: RequestHead) -> Response?

    /// Called for each whole request. It must not block the loop.
    func respond(to request: Request) async -> Response

    /// Called when the session itself refused a request: malformed, too large, too slow, or more than the server holds. For whoever
    /// counts: the answer is on its way. `target` is nil when there was no whole first line.
    func refused(_ target: String?, with status: Int)
}

extension Responder {
    package func refused(_ target: String?, with status: Int) {}
}

/// What a server tells whoever counts. Called on its loops, for each answer: quick, and without locks that are held for long.
package struct ServerHooks: Sendable {
    package var answered: @Sendable (_ status: Int) -> Void

    package init(answered: @escaping @Sendable (_ status: Int) -> Void = { _ in }) {
        self.answered = answered
    }
}
