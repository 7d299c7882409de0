// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The two calls that a disk can fail, so that tests can have them fail, fall short and be counted. Both report through `errno`.
struct FileCalls: Sendable {
    var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int = { Glibc.write($0, $1.baseAddress, $1.count) }
    /// Data and size, not times.
    var sync: @Sendable (_ descriptor: Int32) -> Int32 = { fdatasync($0) }
}
