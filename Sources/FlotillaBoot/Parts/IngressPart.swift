// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaIngress
internal import FlotillaModel
package import FlotillaRuntime

/// The ingress as part of a process.
package struct IngressPart: Part {
    package let name = "ingress"
    package let stage = Stage.door
    let hooks: HookTable
    let tokens: APITokens
    let address: ListenAddress
    let limits: Limits
    let inflightLimit: Int
    let vault: Vault?
    let protection: Protection
    let tls: TLSSettings?

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
        protection = Protection(reading: &configuration)
        tls = TLSSettings.read(&configuration)
    }

    /// What another configuration says, under the limits that this one has set.
    func protection(as other: IngressPart) -> Protection {
        var protection = other.protection
        // Where there are several hooks, none may take all.
        if other.hooks.all.count > 1 { protection.hookBytes = max(limits.bodyBytes, inflightLimit / 2) }
        return protection
    }

    /// What a running ingress can't take over from another configuration.
    func changes(to other: IngressPart) -> [String] {
        [
            (address != other.address, Variable.listen.name),
            (limits != other.limits, Variable.maxBodyBytes.name),
            (inflightLimit != other.inflightLimit, Variable.maxInflightBytes.name),
            ((tls == nil) != (other.tls == nil), "whether there is TLS"),
        ].compactMap { $0.0 ? $0.1 : nil }
    }

    package func prepare(_ broker: any Broker) async throws { try await broker.expect(bodiesOf: limits.bodyBytes) }

    /// Where it can be reached on this machine.
    package var url: String { "\(tls == nil ? "http" : "https")://\(address)" }

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
            hooks: hooks, tokens: tokens, protection: protection(as: self),
            publisher: MeasuredPublisher(process.adapters.broker, metrics: process.metrics),
            deadlines: Deadlines(on: process.loop), overdueLimit: inflightLimit,
            secrets: vault.map { HookVault(store: process.adapters.hookSecrets, vault: $0) }, clock: process.clock,
            metrics: process.metrics, log: process.log, version: Version.current)
        let held = process.metrics.gauge(MetricTable.ingressInflightBytes)
        process.metrics.beforeRendering { _ in held.set(Double(inflight.held)) }
        let watch = tls.map { CertificateWatch($0, read: process.configuration, sleeper: process.sleeper, log: process.log) }
        // Whoever asks before it listens must not send anybody there.
        process.health.report(name, .starting)
        let server = Server(
            loops: loops, address: address, limits: limits, responder: ingress, inflight: inflight, tls: watch?.credentials)
        return IngressService(
            ingress: ingress, server: server, watch: watch, loops: loops, running: self, secrets: process.adapters.hookSecrets,
            health: process.health, sleeper: process.sleeper, log: process.log)
    }
}

extension Protection {
    init(reading configuration: inout Configuration) {
        self.init()
        let flood: Rate?? = configuration.parsed(.floodRate, expected: "\(Rate.expected), or off") { text in
            text == "off" ? .some(nil) : Rate(text).map { .some($0) }
        }
        self.flood = flood ?? nil
        let networks = configuration.parsed(.trustedProxies, expected: NetworkList.expected) { NetworkList($0) }
        proxies = TrustedProxies(networks ?? NetworkList(), header: configuration.choice(.forwardedHeader, standIn: .forwardedFor))
    }
}

extension Configuration {
    /// The stand-in for a faulty address is never listened on.
    mutating func listenAddress(_ variable: Variable) -> ListenAddress {
        parsed(variable, expected: ListenAddress.expected) { ListenAddress($0) } ?? .anyLocal
    }
}
