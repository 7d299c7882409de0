// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// Whoever answers the requests of a Server.
///
/// All calls come on the loop of the connection, and one connection never has two requests with its responder at once.
/// A client that goes away is not told: `respond` runs to its end (what it began to publish stays whole), and the answer is dropped.
package protocol Responder: Sendable {
    /// Called when the head is complete, before the body is read.
    func admit(_ head: RequestHead) -> Admission

    /// Called for each whole request, with what `admit` said of its head. It must not block the loop.
    func respond(to request: Request, admitted: (any Sendable & AnyObject)?) async -> Response

    /// What the server calls: calls `answer` once, now or later, from any thread. For responders of so many requests that a task for
    /// each counts; others leave it as it is.
    func begin(
        _ request: Request, admitted: (any Sendable & AnyObject)?, on loop: Loop?, _ answer: @escaping @Sendable (Response) -> Void)

    /// Called when the session itself refused a request: malformed, too large, too slow, or more than the server holds. For whoever
    /// counts: the answer is on its way. `target` is nil when there was no whole first line.
    func refused(_ target: String?, with status: Int, from peer: NetworkAddress)
}

extension Responder {
    /// A task that begins here and now: an answer that waits for nothing costs no turn of the loop. After a wait it goes on upon the loop.
    package func begin(
        _ request: Request, admitted: (any Sendable & AnyObject)?, on loop: Loop?, _ answer: @escaping @Sendable (Response) -> Void
    ) {
        Task.immediate(executorPreference: loop) { answer(await respond(to: request, admitted: admitted)) }
    }

    package func refused(_ target: String?, with status: Int, from peer: NetworkAddress) {}
}

/// What a responder says to the head of a request.
package enum Admission: Sendable {
    /// This is the answer; the body is not wanted.
    case answer(Response)
    /// The body may come. What is given here comes back with the whole request, so that whatever was decided at its head holds for
    /// the body, too.
    case proceed((any Sendable & AnyObject)?)

    package var answer: Response? {
        if case .answer(let response) = self { response } else { nil }
    }
}

/// What a server tells whoever counts. Called on its loops, for each answer: quick, and without locks that are held for long.
package struct ServerHooks: Sendable {
    package var answered: @Sendable (_ status: Int) -> Void

    package init(answered: @escaping @Sendable (_ status: Int) -> Void = { _ in }) {
        self.answered = answered
    }
}
