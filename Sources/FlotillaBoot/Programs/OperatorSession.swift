// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
package import FlotillaRuntime
internal import Glibc

/// A command at work on the fleet's broker and store, beside whatever else uses them: opened for one command, closed at its end.
package struct OperatorSession: Sendable {
    private let adapters: Adapters
    private let loop: Loop
    /// Where the events of the hooks come from that FLOTILLA_HOOKS names.
    package let hookSources: [String]
    /// Nil without `FLOTILLA_KEYS`.
    package let vault: Vault?
    package let clock: any WallClock = SystemClock()

    package var broker: any Broker & BrokerInspection & JournalInspection & Park { adapters.broker }
    package var ledger: any Ledger & LedgerInspection { adapters.ledger }
    package var effects: any Effects & EffectInspection { adapters.effects }
    package var managementFailure: String? { adapters.managementFailure }
    package var consents: any Consents { adapters.consents }
    package var parking: Parking { adapters.parking }
    package var hookSecrets: any HookSecrets { adapters.hookSecrets }
    package var sleeper: any Sleeper { LoopSleeper(loop) }

    /// Reads the same variables as the fleet. A file that is not there is not made by looking.
    package static func with<Value>(
        environment: [String: String] = Configuration.processEnvironment(), _ body: (OperatorSession) async throws -> Value
    ) async throws -> Value {
        var configuration = Configuration(environment: environment)
        configuration.leaveHooks()
        let hooks = configuration.list(.hooks).map { "/hooks/\($0.prefix { $0 != "=" })" }
        var settings = StoreSettings(reading: &configuration)
        let vault = Vault(reading: &configuration)
        _ = try configuration.finish()
        settings.create = false
        settings.prunes = false
        let loop = try Loop("operator")
        defer { loop.stop() }
        let adapters = try await Adapters.open(settings, program: "flotilla")
        do {
            let value = try await body(OperatorSession(adapters: adapters, loop: loop, hookSources: hooks, vault: vault))
            await adapters.close()
            return value
        } catch {
            await adapters.close()
            throw error
        }
    }

    /// Whoever changes something is recorded.
    package func record(_ what: String) async throws {
        try await ledger.record(deed(what))
    }

    /// What is recorded together with the change that it tells of.
    package func deed(_ what: String) -> Deed { Deed(at: clock.now, who: Self.who, what: what) }

    private static var who: String {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? String(getuid())
        return "\(user)@\(String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))"
    }
}

extension Configuration {
    /// For programs that have nothing to do with hooks: what names them is checked by the ingress.
    package mutating func leaveHooks() {
        leave(prefix: "FLOTILLA_HOOK_")
    }
}
