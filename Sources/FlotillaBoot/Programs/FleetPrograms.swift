// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime
internal import FlotillaWorkers

/// The ingress alone.
public enum IngressProgram {
    public static func main() -> Never { program.main() }

    static let program = Program(
        name: "flotilla-ingress", summary: "takes webhooks in: verifies their signatures, answers 2xx once the broker has them",
        variables: Variable.ofIngress + Variable.everyProgram, adminPort: 9464
    ) { configuration in
        let ingress = IngressPart(reading: &configuration)
        if ingress.hookNames.isEmpty, ingress.senderNames.isEmpty {
            configuration.fault(
                Variable.hooks.name,
                "must name at least one hook, such as github, where no token of FLOTILLA_API_TOKENS has the scope events")
        }
        return Composition(parts: [ingress])
    }
}

/// The log-sink worker alone.
public enum LogSinkProgram {
    public static func main() -> Never { program.main() }

    static let program = Program(
        name: "flotilla-log-sink", summary: "writes events to log files",
        variables: Variable.ofLogSink + Variable.ofWorkers + Variable.everyProgram, adminPort: 9469
    ) { configuration in
        configuration.leaveHooks()
        let reader = WorkerReader(reading: &configuration)
        return Composition(parts: LogSinks.settings(reading: &configuration).map { WorkerPart(logSink: $0, reader) })
    }
}

/// Everything in one process: `flotilla up`.
package enum WholeFleet {
    package static var program: Program {
        var program = Program(
            name: "flotilla up", summary: "the whole fleet in one process",
            variables: Variable.ofIngress + Variable.ofLogSink + Variable.ofWorkers + Variable.everyProgram, adminPort: 9464,
            compose: compose)
        program.announces = true
        program.exportsQueues = true
        return program
    }

    private static func compose(_ configuration: inout Configuration) -> Composition {
        let ingress = IngressPart(reading: &configuration)
        let reader = WorkerReader(reading: &configuration)
        let sinks = LogSinks.settings(reading: &configuration)
        reader.check(workers: [LogSinks.worker] + sinks.map(\.queue), &configuration)
        var composition = Composition(parts: [ingress])
        if ingress.hookNames.isEmpty {
            composition.lines.append("ingress   on \(ingress.url), without hooks: FLOTILLA_HOOKS is not set")
        }
        for name in ingress.hookNames { composition.lines.append("hook      \(ingress.url)/hooks/\(name)") }
        let senders = ingress.senderNames.joined(separator: ", ")
        composition.lines.append(
            senders.isEmpty
                ? "events    off: no token of FLOTILLA_API_TOKENS has the scope events"
                : "events    \(ingress.url)/events, for \(senders)")
        for sink in sinks {
            let part = WorkerPart(logSink: sink, reader)
            composition.parts.append(part)
            let bindings = part.settings.bindings.map(\.text).joined(separator: " ")
            composition.lines.append("worker    \(sink.queue) takes \(bindings), writes to \(sink.kind.description)")
        }
        return composition
    }
}

extension WorkerPart {
    fileprivate init(logSink sink: LogSinkSettings, _ reader: WorkerReader) {
        let settings = reader.settings(
            worker: LogSinks.worker, queue: sink.queue, bindings: [LogSinks.binding], concurrency: LogSinkSettings.concurrency,
            prefetch: LogSinkSettings.prefetch)
        self.init(settings: settings) {
            let file = try await sink.open()
            return OpenHandler(LogSinkHandler(file), ailment: { file.ailment }, close: { await file.close() })
        }
    }
}

extension LogSinkSettings.Kind {
    /// For a person: where the lines go.
    fileprivate var description: String {
        switch self {
        case .file(let settings): settings.path
        }
    }
}
