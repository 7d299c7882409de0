// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// Whatever reads a body from end to end leaves the request's loop when the body is large: to hash and to scan 15 MB takes tens of
/// milliseconds, in which the loop's other connections would stand still.
enum LargeBodies {
    /// At most 2 ms of work, whatever stands in it; most take a tenth of that.
    static let limit = 64 * 1024

    /// Handles the request where it is, or on the shared pool; the caller goes on on its loop in either case.
    static func apart(_ request: Request, _ handle: @Sendable () async -> Response) async -> Response {
        guard request.body.count > limit else { return await handle() }
        return await withTaskExecutorPreference(globalConcurrentExecutor, operation: handle)
    }
}
