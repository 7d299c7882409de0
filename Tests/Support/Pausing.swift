// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Stops a process that shares a file with the test. Stopped in the middle of a turn, it would hold the file's lock: then it goes on, and is
/// stopped again.
///
/// - Parameter turn: writes to that file.
package func pause(_ send: (_ signal: Int32) -> Void, turn: @escaping @Sendable () async throws -> Void) async throws {
    for _ in 0..<20 {
        send(SIGSTOP)
        if (try? await within(.milliseconds(300), "a turn", turn)) != nil { return }
        send(SIGCONT)
    }
    throw TooLate(description: "the process always holds the file's lock")
}
