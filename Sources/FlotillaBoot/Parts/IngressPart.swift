// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaIngress
internal import FlotillaModel
package import FlotillaRuntime

/// The ingress as part of a process.
package struct IngressPart: Part {
    package let stage = Stage.door
    let hooks: HookTable
    let tokens: APITokens
    let address: ListenAddress
    let limits: Limits
    let inflightLimit: Int
    let vault: Vault?

    package init(reading configuration: inout Configuration) {
        hooks = HookTable(reading: &configuration)
        tokens = APITokens(reading: &configuration)
        vault = Self.vault(for: hooks, &configuration)
        address = configuration.listenAddress(.listen)
        var limits = Limits()
        limits.bodyBytes = configuration.bytes(.maxBodyBytes, in: 1024...(512 << 20))
        limits.connections = min(limits.connections, Descriptors.forConnections)
        self.limits = limits
        inflightLimit = configuration.bytes(.maxInflightBytes, in: 1 << 20...(64 << 30))
        if inflightLimit < limits.bodyBytes {
            configuration.fault(Variable.maxInflightBytes.name, "must not be less than FLOTILLA_MAX_BODY_BYTES: no body would fit")
        }
    }

    /// A secret that a provider hands over is kept sealed, or not at all.
    private static func vault(for hooks: HookTable, _ configuration: inout Configuration) -> Vault? {
        if let vault = Vault(reading: &configuration) { return vault }
        let waiting = hooks.all.filter(\.awaitsSecret).map(\.name)
        if !waiting.isEmpty, !configuration.isSet(.keys) {
            configuration.fault(
                Variable.keys.name,
                "must hold a key, id:base64 of 32 bytes (openssl rand -base64 32): a secret is kept under it that the provider hands over to "
                    + waiting.joined(separator: ", "))
        }
        return nil
    }

    package var hookNames: [String] { hooks.all.map(\.name) }
    /// Whose tokens open `/events`.
    package var senderNames: [String] { tokens.named(with: .events) }

    package func build(_ process: ProcessResources) async throws -> any Service {
        // A core for SQLite or the broker's connection, the others for requests.
        let loops = try (0..<max(1, Processors.count / 2)).map { try Loop("http-\($0)") }
        let inflight = InflightBytes(limit: inflightLimit)
        let ingress = Ingress(
            hooks: hooks, tokens: tokens, publisher: MeasuredPublisher(process.adapters.broker, metrics: process.metrics),
            deadlines: Deadlines(on: process.loop), overdueLimit: inflightLimit, loops: loops,
            secrets: vault.map { HookVault(store: process.adapters.hookSecrets, vault: $0) }, clock: process.clock,
            metrics: process.metrics, log: process.log, version: Version.current)
        let held = process.metrics.gauge(MetricTable.ingressInflightBytes)
        process.metrics.beforeRendering { _ in held.set(Double(inflight.held)) }
        let server = Server(loops: loops, address: address, limits: limits, responder: ingress, inflight: inflight)
        return IngressService(
            ingress: ingress, server: server, loops: loops, address: address, sleeper: process.sleeper, log: process.log)
    }
}

struct IngressService: Service {
    let name = "ingress"
    let ingress: Ingress
    let server: Server
    let loops: [Loop]
    let address: ListenAddress
    let sleeper: any Sleeper
    let log: Logger
    private let end = Signpost()

    func run() async throws {
        // Ends with this function.
        async let _: Void = ingress.watchHooks(sleeper)
        do {
            try await server.start()
            log.notice("listening", ["address": "\(address.with(port: server.port))"])
            await end.wait()
            await server.stop()
        } catch {
            for loop in loops { loop.stop() }
            throw error
        }
        for loop in loops { loop.stop() }
    }

    func drain() async {
        ingress.drain()
        await server.drain()
        end.reach()
    }
}

extension Configuration {
    /// The stand-in for a faulty address is never listened on.
    mutating func listenAddress(_ variable: Variable) -> ListenAddress {
        parsed(variable, expected: ListenAddress.expected) { ListenAddress($0) } ?? .anyLocal
    }
}
