// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaEngine
import FlotillaHTTP
import FlotillaIngress
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Synchronization
import Testing

/// An ingress behind a real server, asked by a real client: one hook of each provider that greets, each called like its provider.
/// Those of Asana and Notion have no secret yet.
struct FrontDoor: Sendable {
    static let secret = "a secret of these tests"
    static let vaultKey = Vault.Key(id: "k1", bytes: Secret(bytes: [UInt8](repeating: 9, count: 32)))

    let port: UInt16
    let client: Client
    let publisher: FakePublisher
    let clock: ManualClock
    let metrics: MetricsRegistry
    let log: CapturedLog
    let secrets: MemoryHookSecrets
    private let ingress: Ingress
    private let vault: Vault?
    private let lead: Lead

    /// Nanoseconds by which the clock of deadlines is ahead of that of arrivals.
    private final class Lead: Sendable {
        let count = Atomic<UInt64>(0)
    }

    static func with(
        _ hooks: [Hook]? = nil, secrets: MemoryHookSecrets = MemoryHookSecrets(), clock: ManualClock = ManualClock(),
        vault: Vault? = Vault(newest: vaultKey), _ body: (FrontDoor) async throws -> Void
    ) async throws {
        let hooks = try hooks ?? Self.hooks()
        let (loop, requests) = (try Loop("server"), try Loop("client"))
        let (metrics, log, publisher) = (MetricsRegistry(), CapturedLog(), FakePublisher(.confirm))
        let lead = Lead()
        let deadlines = Deadlines(on: loop) { MonotonicClock.now + lead.count.load(ordering: .sequentiallyConsistent) }
        let ingress = Ingress(
            hooks: HookTable(hooks), publisher: publisher, deadlines: deadlines, overdueLimit: 1 << 20,
            secrets: vault.map { HookVault(store: secrets, vault: $0) }, clock: clock, metrics: metrics,
            log: Logger(program: "test", level: .debug, sink: log, clock: clock), version: "1")
        let server = Server(loops: [loop], address: try #require(ListenAddress("127.0.0.1:0")), responder: ingress)
        try await server.start()
        let client = Client(loop: requests)
        var failure: (any Error)?
        do {
            try await body(
                FrontDoor(
                    port: server.port, client: client, publisher: publisher, clock: clock, metrics: metrics, log: log, secrets: secrets,
                    ingress: ingress, vault: vault, lead: lead))
        } catch {
            failure = error
        }
        await client.close()
        await server.stop()
        for loop in [loop, requests] {
            loop.stop()
            await loop.ended()
        }
        if let failure { throw failure }
    }

    /// As on SIGHUP.
    func reload(_ hooks: [Hook]) {
        ingress.replace(
            hooks: HookTable(hooks), tokens: APITokens(), protection: Protection(),
            secrets: vault.map { HookVault(store: secrets, vault: $0) })
    }

    /// Lets requests have come so much earlier.
    func age(_ duration: Duration) { lead.count.store(duration.inNanoseconds, ordering: .sequentiallyConsistent) }

    /// By the names of their providers.
    static func hooks() throws -> [Hook] {
        try ["slack", "zoom", "intercom", "msgraph", "dropbox", "meta", "mandrill"].map { name in
            let provider = try #require(ProviderTable.named(name))
            var settings = HookSettings(secrets: [Secret(secret)])
            settings.url = "https://hooks.example.com/hooks/\(name)"
            if name == "meta" { settings.options["verify_token"] = "a token!" }
            return try Hook(name: name, provider: provider, settings: settings)
        }
    }

    func send(
        _ method: String = "POST", _ target: String, _ headers: [(String, String)] = [], _ body: String = ""
    ) async throws -> ClientResponse {
        try await client.send(
            ClientRequest(method: method, url: "http://127.0.0.1:\(port)\(target)", headers: Headers(headers), body: Array(body.utf8)))
    }
}

extension ClientResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}
