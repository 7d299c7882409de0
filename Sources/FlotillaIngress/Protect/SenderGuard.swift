// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP

/// Who sends a request, and whether he may: the flood gate by the address behind our proxies. Made for one configuration.
package struct SenderGuard: Sendable {
    let gate: FloodGate?
    private let proxies: TrustedProxies

    package init(gate: FloodGate? = nil, proxies: TrustedProxies = TrustedProxies()) {
        self.gate = gate
        self.proxies = proxies
    }

    func source(of head: RequestHead) -> NetworkAddress { proxies.source(of: head) }

    /// How long the sender has to wait before anything of his is looked at; nil when it is not at all.
    func wait(of head: RequestHead) -> Duration? {
        gate.flatMap { $0.wait(of: source(of: head)) }
    }

    /// The answer to a request that is refused: that it is, or, once too many were, that the sender has to wait.
    func refuse(_ head: RequestHead, with answer: Response) -> Response {
        guard let gate, Self.isRefusal(answer.status), let wait = gate.refused(source(of: head)) else { return answer }
        return Answers.tooMany(after: wait)
    }

    /// The session refused what came from there. Whose it was is not known behind a proxy, and a proxy is not to blame.
    func refused(_ peer: NetworkAddress, with status: Int) {
        guard let gate, Self.isRefusal(status), !proxies.isTrusted(peer) else { return }
        _ = gate.refused(peer)
    }

    func passed(_ head: RequestHead) {
        gate?.passed(source(of: head))
    }

    /// The sender's doing, and nothing that another attempt could mend.
    private static func isRefusal(_ status: Int) -> Bool { (400...499).contains(status) && status != 429 }
}
