// SPDX-License-Identifier: Apache-2.0

/// Something that must never be shown: made when the configuration is read, handed to whoever signs or verifies with it.
/// Interpolated, printed, dumped or mirrored it says `<redacted>`; only `expose()` and `withBytes` give it away, and are searched for in reviews.
package struct Secret: Sendable, Hashable {
    private let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var isEmpty: Bool { bytes.isEmpty }

    package func expose() -> String { String(decoding: bytes, as: UTF8.self) }

    package func withBytes<Result, Failure: Error>(_ body: ([UInt8]) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(bytes)
    }

    package static let redacted = "<redacted>"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Secret.redacted }
    package var debugDescription: String { Secret.redacted }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)](), displayStyle: .struct) }
}
