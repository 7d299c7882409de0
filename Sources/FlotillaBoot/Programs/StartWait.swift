// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaPostgres
internal import FlotillaRuntime
internal import Synchronization

/// A server that is away, or not as the fleet needs it, when a process starts: one that may come back, or be mended.
struct Absence: Equatable {
    let what: String
    let description: String

    /// Nil for what waiting does not mend.
    init?(_ error: any Error, _ settings: StoreSettings) {
        switch error {
        case let failure as BrokerFailure:
            guard case .rabbitmq = settings.broker else { return nil }
            (what, description) = ("broker", failure.description)
        case let failure as PostgresFailure: (what, description) = ("store", failure.description)
        default: return nil
        }
    }
}

/// Waits for a broker or a database that is away when a process starts: tries again and again, says in the log what is in the way whenever
/// that changes, and ends when all is opened, or when nobody wants it any more.
final class StartWait: Service {
    let name = "waiting for broker and store"
    private let absence: @Sendable (any Error) -> Absence?
    private let open: @Sendable () async throws -> Adapters
    private let log: Logger
    private let sleeper: any Sleeper
    private let end = Signpost()
    private let state: Mutex<State>

    private struct State {
        var absence: Absence
        var isUnwanted = false
        var opened: Adapters?
    }

    private static let firstPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(5)

    /// - Parameter known: what of an error is waited for.
    init(
        _ first: Absence, log: Logger, sleeper: any Sleeper, known: @escaping @Sendable (any Error) -> Absence?,
        open: @escaping @Sendable () async throws -> Adapters
    ) {
        absence = known
        self.open = open
        self.log = log
        self.sleeper = sleeper
        state = Mutex(State(absence: first))
        tell(first)
    }

    /// What is in the way now.
    var current: Absence { state.withLock { $0.absence } }
    /// What the process goes on with.
    var opened: Adapters? { state.withLock { $0.opened } }

    func run() async throws {
        var pause = Self.firstPause
        while true {
            await rest(pause)
            guard !state.withLock({ $0.isUnwanted }) else { return }
            do {
                let adapters = try await open()
                let isUnwanted = state.withLock { state in
                    if !state.isUnwanted { state.opened = adapters }
                    return state.isUnwanted
                }
                if isUnwanted { await adapters.close() }
                return
            } catch {
                guard let found = absence(error) else { throw error }
                let isNews = state.withLock { state in
                    defer { state.absence = found }
                    return state.absence != found
                }
                if isNews { tell(found) }
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Before all is opened: nobody waits for it any more.
    func drain() async {
        state.withLock { $0.isUnwanted = true }
        end.reach()
    }

    private func tell(_ absence: Absence) {
        log.error("can't start yet: the \(absence.what) is away, or not as it must be", ["error": absence.description])
    }

    private func rest(_ pause: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [sleeper] in try? await sleeper.sleep(for: pause) }
            group.addTask { [end] in await end.wait() }
            _ = await group.next()
            group.cancelAll()
        }
    }
}
