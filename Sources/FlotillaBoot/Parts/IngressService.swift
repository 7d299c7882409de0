// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaIngress
internal import FlotillaRuntime

/// The ingress at work: listens until it is drained, and may be given another configuration meanwhile.
struct IngressService: Reloadable {
    let name = "ingress"
    let ingress: Ingress
    let server: Server
    let watch: CertificateWatch?
    let loops: [Loop]
    /// As it was started: what holds for the listener and for all requests together stays as it is.
    let running: IngressPart
    let secrets: any HookSecrets
    let health: Health
    let sleeper: any Sleeper
    let log: Logger
    private let end = Signpost()

    func run() async throws {
        // They end with this function.
        async let _: Void = ingress.watchHooks(sleeper)
        async let _: Void? = watch?.run()
        do {
            try await server.start()
            health.report(name, .ready)
            log.notice("listening", ["address": "\(running.address.with(port: server.port))"])
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

    func reload(as part: any Part) {
        guard let part = part as? IngressPart else { return }
        ingress.replace(
            hooks: part.hooks, tokens: part.tokens, protection: running.protection(as: part),
            secrets: part.vault.map { HookVault(store: secrets, vault: $0) })
        if let watch, let tls = part.tls { watch.take(tls) }
        for change in running.changes(to: part) { log.warning("needs a restart", ["part": name, "why": "\(change) was changed"]) }
    }
}
