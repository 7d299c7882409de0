// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The end of a process of ours.
package enum ProcessExit {
    /// What was printed is written, and nothing else is cleaned up: libcrypto's `atexit` handler would free what threads that are just
    /// ending (a loop that was stopped) free as well, and now and then abort a command that had done its work.
    package static func now(with status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}
