// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
    /// The typed-throws form of `withUnsafeBufferPointer`, which a scanner lives inside.
    func scanned<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws(JSONFailure) -> Result) throws(JSONFailure) -> Result {
        try withUnsafeBufferPointer { (buffer) throws(JSONFailure) in try body(buffer) }
    }
}
