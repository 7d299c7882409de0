// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
package import FlotillaRuntime

/// A worker as part of a process.
package struct WorkerPart: Part {
    package let stage = Stage.work
    let settings: Worker.Settings
    let handler: @Sendable (ProcessResources) async throws -> OpenHandler

    package init(settings: Worker.Settings, handler: @escaping @Sendable (ProcessResources) async throws -> OpenHandler) {
        self.settings = settings
        self.handler = handler
    }

    package func build(_ process: ProcessResources) async throws -> any Service {
        let open = try await handler(process)
        let worker = Worker(
            settings, handler: open.handler, broker: process.adapters.broker, ledger: process.adapters.ledger, clock: process.clock,
            sleeper: process.sleeper, solitude: process.solitude,
            watcher: WorkerMeter(queue: settings.queue, metrics: process.metrics, log: process.log, clock: process.clock))
        return WorkerService(worker: worker, handler: open)
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

struct WorkerService: Service {
    let worker: Worker
    let handler: OpenHandler

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
}
