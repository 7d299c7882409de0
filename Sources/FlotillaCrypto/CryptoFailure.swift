// SPDX-License-Identifier: Apache-2.0

/// What libcrypto could not do, or would not do with what it was given. Never says with which key or on which bytes.
package enum CryptoFailure: Error, Equatable, CustomStringConvertible {
    case unavailable(String)
    case failed(String)
    /// A key, certificate or message that is not what the caller took it for, in general words.
    case malformed(String)
    /// Sealed bytes that were not sealed with this key and these associated bytes, or have changed since.
    case notAuthentic

    package var description: String {
        switch self {
        case .unavailable(let name): "libcrypto does not offer \(name)"
        case .failed(let call): "libcrypto failed in \(call)"
        case .malformed(let what): what
        case .notAuthentic: "the sealed bytes are not authentic under this key"
        }
    }
}
