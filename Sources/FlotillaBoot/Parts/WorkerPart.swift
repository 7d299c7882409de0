// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
package import FlotillaRuntime

/// A worker as part of a process.
package struct WorkerPart: Part {
    package let stage = Stage.work
    let settings: Worker.Settings
    let handler: @Sendable () async throws -> OpenHandler

    package var name: String { settings.queue }

    package init(settings: Worker.Settings, handler: @escaping @Sendable () async throws -> OpenHandler) {
        self.settings = settings
        self.handler = handler
    }

    package func prepare(_ broker: any Broker) async throws {
        try await broker.declare(settings.queue, bindings: settings.bindings)
    }

    package func check() async throws { try await handler().close() }

    package func build(_ process: ProcessResources) async throws -> any Service {
        let open = try await handler()
        let worker = Worker(
            settings, handler: open.handler, broker: process.adapters.broker,
            ledger: MeasuredLedger(process.adapters.ledger, metrics: process.metrics),
            lanes: process.adapters.lanes, effects: process.adapters.effects, clock: process.clock, sleeper: process.sleeper,
            solitude: process.solitude, parking: process.adapters.parking,
            watcher: WorkerMeter(queue: settings.queue, metrics: process.metrics, log: process.log, clock: process.clock))
        return WorkerService(worker: worker, handler: open, broker: process.adapters.broker)
    }
}

/// A handler with what it holds open.
package struct OpenHandler: Sendable {
    package let handler: any Handler
    /// What keeps it from working, in words that may be shown.
    package let ailment: @Sendable () -> String?
    package let close: @Sendable () async -> Void

    package init(
        _ handler: any Handler, ailment: @escaping @Sendable () -> String? = { nil }, close: @escaping @Sendable () async -> Void = {}
    ) {
        self.handler = handler
        self.ailment = ailment
        self.close = close
    }
}

struct WorkerService: Reloadable {
    let worker: Worker
    let handler: OpenHandler
    let broker: any Broker

    var name: String { worker.settings.queue }
    /// What a restart may mend.
    var stuck: String? { worker.ailment }
    var ailment: String? { worker.ailment ?? handler.ailment() }

    func run() async throws {
        do { try await worker.run() } catch {
            await handler.close()
            throw error
        }
        await handler.close()
    }

    func drain() async { await worker.drain() }

    /// Of all that a worker is told, its routes can change while it works.
    func reload(as part: any Part) async throws {
        guard let part = part as? WorkerPart else { return }
        try await broker.declare(part.settings.queue, bindings: part.settings.bindings)
    }
}
