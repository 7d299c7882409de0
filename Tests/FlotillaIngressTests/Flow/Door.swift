// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Synchronization

/// An ingress with two hooks, a fake broker, and clocks that move when told.
final class Door: Sendable {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// Tokens of `/events`: for any tenant, for one, and without the scope.
    static let token = "t0ken-of-app"
    static let tenantToken = "t0ken-of-crm"
    static let searchToken = "t0ken-of-desk"

    let publisher: FakePublisher
    let ingress: Ingress
    let clock = ManualClock()
    let metrics = MetricsRegistry()
    let log = CapturedLog()
    private let loop: Loop
    private let ticks: Ticks
    private let hooks: Mutex<[String: Hook]>
    private let protection: Protection

    /// Nanoseconds that pass when told.
    private final class Ticks: Sendable {
        let count = Atomic<UInt64>(1)
    }

    /// `limits` are those of the hook github.
    init(
        _ manner: FakePublisher.Manner = .confirm, overdueLimit: Int = 1 << 20, limits: HookLimits = HookLimits(),
        protection: Protection = Protection()
    ) throws {
        let ticks = Ticks()
        let hooks = [
            try hook("github", [Self.secret], name: "github", limits: limits), try hook("standard-webhooks", Self.secret, name: "shop"),
        ]
        self.protection = protection
        self.ticks = ticks
        loop = try Loop("door")
        publisher = FakePublisher(manner)
        self.hooks = Mutex(Dictionary(uniqueKeysWithValues: hooks.map { ($0.name, $0) }))
        ingress = Ingress(
            hooks: HookTable(hooks),
            tokens: APITokens([
                try APIToken(name: "app", scopes: [.events], text: Secret(Self.token)),
                try APIToken(name: "crm", scopes: [.events], tenant: "acme", text: Secret(Self.tenantToken)),
                try APIToken(name: "desk", scopes: [.search], text: Secret(Self.searchToken)),
            ]), protection: protection, publisher: publisher,
            deadlines: Deadlines(on: loop) { ticks.count.load(ordering: .sequentiallyConsistent) },
            overdueLimit: overdueLimit, clock: clock,
            metrics: metrics, log: Logger(program: "test", level: .debug, sink: log, clock: clock), version: "1.2.3")
    }

    deinit {
        loop.stop()
    }

    func pass(_ duration: Duration) {
        ticks.count.add(duration.inNanoseconds, ordering: .sequentiallyConsistent)
    }

    /// This moment, as a request's arrival counts it.
    var ticking: UInt64 { ticks.count.load(ordering: .sequentiallyConsistent) }

    /// Another configuration: this hook with another secret, and the others as GitHub's; those that there were are gone.
    func replace(secret: String, name: String, others: [String]) throws {
        let limits = hooks.withLock { $0[name]?.limits } ?? HookLimits()
        let all = try [hook("github", [secret], name: name, limits: limits)] + others.map { try hook("github", Self.secret, name: $0) }
        hooks.withLock { $0 = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) }) }
        ingress.replace(hooks: HookTable(all), tokens: APITokens(), protection: protection, secrets: nil)
    }

    /// A request that the hook's provider signed.
    func signed(_ name: String, id: String = "id-1", body: String = #"{"type":"a.b"}"#) throws -> Request {
        try signed(name, id: id, bytes: utf8(body))
    }

    func signed(_ name: String, id: String = "id-1", bytes: [UInt8]) throws -> Request {
        guard let hook = hooks.withLock({ $0[name] }) else { throw CancellationError() }
        return try WebhookSigner.sign(hook: hook, type: "push", body: bytes, id: id, now: clock.now)
    }

    /// As a server asks: the head first, then the whole.
    func answer(_ request: Request) async -> Response {
        switch ingress.admit(request.head) {
        case .answer(let response): response
        case .proceed(let admitted): await ingress.respond(to: request, admitted: admitted)
        }
    }
}

extension Response {
    var text: String { String(decoding: body, as: UTF8.self) }
}
