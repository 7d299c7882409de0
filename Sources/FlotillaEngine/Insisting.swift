// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

extension Sleeper {
    /// Tries until it works or the task is cancelled: a store or broker that is away must cost no attempt and lose no event. What the
    /// broker refuses it would refuse for ever: that is thrown at once.
    func insisting<Value: Sendable>(on body: () async throws -> Value, waits: (any Error) -> Void) async throws -> Value {
        var pause = Duration.milliseconds(50)
        while true {
            do {
                return try await body()
            } catch let failure as BrokerFailure where failure.kind == .refused {
                throw failure
            } catch {
                try Task.checkCancellation()
                waits(error)
                try await sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }
}
