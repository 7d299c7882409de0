// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// A sound configuration of one program. There is none with a fault in it.
struct ProgramSettings {
    let store: StoreSettings
    let admin: ListenAddress
    let level: LogLevel
    let drainLimit: Duration
    let composition: Composition
    let warnings: [String]

    init(_ program: Program, _ environment: Configuration) throws(ConfigurationFaults) {
        var configuration = environment
        store = StoreSettings(reading: &configuration)
        let admin = program.variables.first { $0.name == Variable.admin.name } ?? .admin
        self.admin = configuration.listenAddress(admin)
        level = configuration.choice(.log, standIn: .info)
        drainLimit = configuration.duration(.drainSeconds, in: .zero...(.seconds(3600)))
        composition = program.compose(&configuration)
        for member in configuration.section("workers")?.members ?? [] {
            configuration.fault(
                configuration.place(of: "workers.\(member.name)"), "is not known: the workers of this version read variables only")
        }
        warnings = try configuration.finish()
    }
}
