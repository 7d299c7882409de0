// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// An endpoint and what stands guard before it. What admits a request's head keeps it to the end of its body, whatever is configured
/// meanwhile: so each entrance is made for one configuration, and only its counts go on into the next one.
final class Entrance: Sendable {
    let endpoint: any Endpoint
    let senders: SenderGuard
    /// The bodies that are with the endpoint.
    let held: InflightBytes
    private let networks: NetworkList
    private let log: RefusalLog
    private let clock: any WallClock

    init(
        _ endpoint: any Endpoint, senders: SenderGuard, held: InflightBytes, networks: NetworkList = NetworkList(), log: RefusalLog,
        clock: any WallClock
    ) {
        self.endpoint = endpoint
        self.senders = senders
        self.held = held
        self.networks = networks
        self.log = log
        self.clock = clock
    }

    var meters: HookMeters { endpoint.meters }

    /// Answers what can be answered without the body; nil goes on.
    func admit(_ head: RequestHead) -> Response? {
        guard networks.isEmpty || networks.contains(senders.source(of: head)) else {
            // 401 like any other sender who can't prove himself: 403 and 410 make some providers give the hook up for good.
            let rejection = Rejection(.network, "the sender is in none of the hook's networks")
            meters.rejected(rejection.check)
            log.rejected(rejection, at: clock.now)
            return Answers.rejected(rejection)
        }
        if let answer = endpoint.admit(head) { return answer }
        return held.hasRoom(for: 1) ? nil : Answers.crowded
    }

    func respond(to request: Request) async -> Response {
        guard held.take(request.body.count) else { return Answers.crowded }
        defer { held.give(request.body.count) }
        return senders.refuse(request.head, with: await endpoint.respond(to: request), meters)
    }
}
