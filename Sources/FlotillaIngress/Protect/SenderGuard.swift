// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Knows who sends a request, behind proxies of ours too, and whether he may. Made for one configuration; the gate goes on through several.
struct SenderGuard: Sendable {
    let gate: FloodGate?
    private let proxies: TrustedProxies
    private let log: RefusalLog
    private let clock: any WallClock

    init(gate: FloodGate?, proxies: TrustedProxies, log: RefusalLog, clock: any WallClock) {
        self.gate = gate
        self.proxies = proxies
        self.log = log
        self.clock = clock
    }

    func source(of head: RequestHead) -> NetworkAddress { proxies.source(of: head) }

    /// The answer to a sender who sent too much that was refused: nothing of this request is looked at. Nil for everybody else.
    func stop(_ head: RequestHead, _ meters: HookMeters) -> Response? {
        gate.flatMap { $0.wait(of: source(of: head)) }.map { tooMany(after: $0, meters) }
    }

    /// The answer to a request that is refused: that it is; or, once too many were, that the sender has to wait.
    func refuse(_ head: RequestHead, with answer: Response, _ meters: HookMeters) -> Response {
        guard let gate, Self.isRefusal(answer.status), let wait = gate.refused(source(of: head)) else { return answer }
        return tooMany(after: wait, meters)
    }

    /// The session refused what came from there. Behind a proxy nobody knows whose it was, and the proxy is not to blame.
    func refused(_ peer: NetworkAddress, with status: Int) {
        guard let gate, Self.isRefusal(status), !proxies.isTrusted(peer) else { return }
        _ = gate.refused(peer)
    }

    /// The request is its provider's.
    func passed(_ head: RequestHead) {
        gate?.passed(source(of: head))
    }

    private func tooMany(after wait: Duration, _ meters: HookMeters) -> Response {
        let rejection = Rejection(.flood, "too many requests from this network were refused")
        meters.rejected(rejection.check)
        log.rejected(rejection, at: clock.now)
        return Answers.tooMany(rejection.why, after: wait)
    }

    /// The sender's doing, and nothing that another attempt could mend.
    private static func isRefusal(_ status: Int) -> Bool { (400...499).contains(status) && status != 429 }
}
