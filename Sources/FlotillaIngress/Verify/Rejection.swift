// SPDX-License-Identifier: Apache-2.0

/// Why a request is not its provider's. `why` is said to the sender and written in the log: general words and names of
/// header fields from the provider table, nothing that the request brought and never what was expected.
package struct Rejection: Error, Equatable, CustomStringConvertible {
    package enum Check: String, Sendable, CaseIterable {
        case header
        case timestamp
        case signature
        /// The sender may send, but not this.
        case content
        /// Nothing is wrong with the request: it can't be checked now. Answered so that the provider sends it again.
        case unavailable
    }

    package let check: Check
    package let why: String

    init(_ check: Check, _ why: String) {
        self.check = check
        self.why = why
    }

    package var description: String { "\(check.rawValue): \(why)" }
}
