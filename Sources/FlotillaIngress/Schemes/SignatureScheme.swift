// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// How one family of providers proves that a request is theirs: plain data in the provider table, until a hook brings its
/// secrets. A family is one type that adopts this and one that adopts `SignatureCheck`.
protocol SignatureScheme: Sendable {
    /// Throws when the secrets are not of the kind that the scheme's providers hand out.
    func check(with secrets: [Secret]) throws(SecretFault) -> any SignatureCheck
}

/// A scheme with its keys prepared. Lives as long as its hook, serves many requests at once, and never crashes on one:
/// whatever is wrong with a request is a `Rejection`.
protocol SignatureCheck: Sendable {
    func check(_ request: Request, at now: Timestamp) throws(Rejection)

    /// The provider's side of it: adds the headers that make `check` accept the request, by the first secret.
    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection)
}

/// Why a configured secret can't be a key. Never shows it.
package enum SecretFault: Error, Equatable, CustomStringConvertible {
    case none
    case empty
    case notBase64
    case length(ClosedRange<Int>)
    case unusable

    package var description: String {
        switch self {
        case .none: "needs at least one secret"
        case .empty: "holds an empty secret"
        case .notBase64: "is not whsec_ followed by base64 text"
        case .length(let bytes): "does not hold \(bytes.lowerBound) to \(bytes.upperBound) bytes"
        case .unusable: "can't be used as a key: libcrypto refuses it"
        }
    }
}
