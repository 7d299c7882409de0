// SPDX-License-Identifier: Apache-2.0

public import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// A worker of your own as a program: its queue, what it is bound to, and its handler. Everything else (broker, ledger, retries, dead
/// letters, drain, logs, metrics, `--help`) is the fleet's, configured by the same environment.
///
///     @main enum Main {
///         static func main() {
///             WorkerProgram("greeter", bindings: ["github.#"]) { Greeter() }.main()
///         }
///     }
public struct WorkerProgram: Sendable {
    private let name: String
    private let bindings: [String]
    private let concurrency: Int
    private let handlerLimit: Duration
    private let handler: @Sendable () async throws -> any Handler

    /// - Parameters:
    ///   - name: of the worker and of its queue: lower-case letters, digits, `-` and `_`.
    ///   - bindings: topic patterns over event types, `*` for one word and `#` for any number. Routes in `FLOTILLA_ROUTES` are added.
    ///   - concurrency: handlers that run at the same time, unless `FLOTILLA_CONCURRENCY` says otherwise.
    ///   - handlerLimit: after this time a handler is cancelled, and the event tried again later.
    ///   - handler: called once, before the first event.
    public init(
        _ name: String, bindings: [String], concurrency: Int = 16, handlerLimit: Duration = .seconds(300),
        handler: @escaping @Sendable () async throws -> any Handler
    ) {
        self.name = name
        self.bindings = bindings
        self.concurrency = concurrency
        self.handlerLimit = handlerLimit
        self.handler = handler
    }

    /// Runs until SIGTERM; the process ends with a status that says how.
    public func main() -> Never {
        Program(
            name: name, summary: "a worker", variables: Variable.ofWorkers + Variable.everyProgram, adminPort: 9471
        ) { [self] configuration in
            configuration.leaveHooks()
            let reader = WorkerReader(reading: &configuration)
            if !QueueNames.isWorkerQueue(name) {
                configuration.fault("the worker's name", "must be lower-case letters, digits, - and _: \(name)")
            }
            for pattern in bindings where TopicPattern(pattern) == nil {
                configuration.fault("the binding \(pattern)", "must be a topic pattern such as github.#")
            }
            var settings = reader.settings(
                worker: name, queue: name, bindings: bindings, concurrency: concurrency, prefetch: concurrency * 4)
            settings.handlerLimit = handlerLimit
            return Composition(parts: [WorkerPart(settings: settings) { OpenHandler(try await handler()) }])
        }.main()
    }
}
