// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// libcrypto remembers each failure in a queue of its thread, for whoever asks next. Our failures say themselves what they are, and a
/// thread of the pool serves somebody else a moment later: so nothing stays behind.
enum ErrorQueue {
    static func leavingNone<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        defer { ERR_clear_error() }
        return try body()
    }
}
