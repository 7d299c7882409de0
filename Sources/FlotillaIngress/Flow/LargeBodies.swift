// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// Whatever reads a body from end to end leaves the request's loop when the body is large: to hash and to scan 15 MB takes tens of
/// milliseconds, in which the loop's other connections would stand still.
enum LargeBodies {
    /// At most 2 ms of work, whatever stands in it; most take a tenth of that.
    static let limit = 64 * 1024

    static func isLarge(_ request: Request) -> Bool { request.body.count > limit }

    /// Does it on the shared pool.
    static func apart(_ work: @escaping @Sendable () -> Void) {
        Task(executorPreference: globalConcurrentExecutor) { work() }
    }
}
