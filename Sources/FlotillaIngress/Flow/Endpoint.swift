// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// One place of the ingress where requests come in: a hook, or the receiver of CloudEvents. Made from the configuration, reached by
/// its path alone, and used by many requests at once, from any loop.
protocol Endpoint: Sendable {
    var meters: HookMeters { get }

    /// Answers what can be answered without the body; nil goes on.
    func admit(_ head: RequestHead) -> Response?

    /// The whole request. Never throws: whatever is wrong with it has an answer.
    func respond(to request: Request) async -> Response
}
