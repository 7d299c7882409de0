// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// A service that can go on with another configuration.
protocol Reloadable: Service {
    /// With the part that the new configuration makes of it. It throws what keeps it from being taken over; the old one then stays.
    func reload(as part: any Part) async throws
}

/// Reads the configuration again on SIGHUP, and gives it to the services that can take it: all of it, or, when anything is wrong with
/// it, nothing; only what fails when it is put to use, such as a route that the broker does not take just now, leaves those in front of it
/// with the new one, and the log says so. Made with the services, and called for each signal; one that comes meanwhile is served afterwards, once.
actor Reloader {
    private let program: Program
    private let services: [any Service]
    private let read: @Sendable () -> Configuration
    private let log: Logger
    private var isAtWork = false
    private var isWantedAgain = false

    init(_ program: Program, _ services: [any Service], read: @escaping @Sendable () -> Configuration, log: Logger) {
        self.program = program
        self.services = services
        self.read = read
        self.log = log
    }

    func reload() async {
        isWantedAgain = true
        guard !isAtWork else { return }
        isAtWork = true
        while isWantedAgain {
            isWantedAgain = false
            await takeOver()
        }
        isAtWork = false
    }

    private func takeOver() async {
        let settings: ProgramSettings
        do {
            settings = try ProgramSettings(program, read())
        } catch {
            for fault in error.faults { log.error("the new configuration is not used: the old one stays", ["fault": "\(fault)"]) }
            return
        }
        for warning in settings.warnings { log.warning(warning) }
        let parts = settings.composition.parts
        let names = services.map(\.name)
        for part in parts where !names.contains(part.name) { log.warning("needs a restart", ["part": part.name, "why": "it is new"]) }
        // Workers first: what a new hook lets in finds its way.
        var taken: [String] = []
        for case let service as any Reloadable in services.reversed() {
            guard let part = parts.first(where: { $0.name == service.name }) else {
                log.warning("needs a restart", ["part": service.name, "why": "it is no longer configured"])
                continue
            }
            do {
                try await service.reload(as: part)
                taken.append(service.name)
            } catch {
                return log.error(
                    "the new configuration is not used further: send SIGHUP again when this is mended",
                    ["part": service.name, "error": "\(error)", "in_use_by": taken.joined(separator: " ")])
            }
        }
        log.notice("configuration taken over")
    }
}
