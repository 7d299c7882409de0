// SPDX-License-Identifier: Apache-2.0

/// Why a request is not its provider's. `why` is said to the sender and written in the log: general words and names of
/// header fields from the provider table, nothing that the request brought and never what was expected.
package struct Rejection: Error, Equatable, CustomStringConvertible {
    package enum Check: String, Sendable, CaseIterable {
        /// No method that the provider uses: answered with 405 before anything else.
        case method
        /// A header field that decides is missing, repeated or malformed.
        case header
        case timestamp
        /// A signature does not match, or a shared token or password is another one.
        case signature
        /// No whole signed token (a JWT) is there, or it is not signed in the way that the hook asks.
        case token
        /// A signed token is right, but not meant for this hook, or no longer.
        case claim
        /// What the URL has to hold for the signature is not there.
        case url
        /// The body lacks what proves it, or is not what the proof covers.
        case body
        /// The request names a key or certificate that is not trusted.
        case key
        /// The sender is in none of the networks that the hook allows.
        case network
        /// Too much of what the sender's network sent was refused.
        case flood
        /// Right in everything, and more than the hook's own rate.
        case rate
        /// The request is no event, and not the handshake that its provider makes.
        case handshake
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
