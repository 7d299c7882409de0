// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaRuntime
internal import Synchronization

/// Waits for a broker that is away, or not as the fleet needs it, when a process starts: tries again and again, says in the log what is in
/// the way whenever that changes, and ends when all is opened, or when nobody wants it any more.
final class BrokerWait: Service {
    let name = "waiting for the broker"
    private let open: @Sendable () async throws -> Adapters
    private let log: Logger
    private let sleeper: any Sleeper
    private let end = Signpost()
    private let state: Mutex<State>

    private struct State {
        var why: String
        var isUnwanted = false
        var opened: Adapters?
    }

    private static let firstPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(5)

    init(_ failure: BrokerFailure, log: Logger, sleeper: any Sleeper, open: @escaping @Sendable () async throws -> Adapters) {
        self.open = open
        self.log = log
        self.sleeper = sleeper
        state = Mutex(State(why: failure.description))
        tell(failure)
    }

    var why: String { state.withLock { $0.why } }
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
            } catch let failure as BrokerFailure {
                let isNews = state.withLock { state in
                    defer { state.why = failure.description }
                    return state.why != failure.description
                }
                if isNews { tell(failure) }
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Before all is opened: nobody waits for it any more.
    func drain() async {
        state.withLock { $0.isUnwanted = true }
        end.reach()
    }

    private func tell(_ failure: BrokerFailure) {
        log.error("can't start yet: the broker is away, or not as it must be", ["error": failure.description])
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
