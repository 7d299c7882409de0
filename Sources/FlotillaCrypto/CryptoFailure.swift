// SPDX-License-Identifier: Apache-2.0

/// What libcrypto could not do. Never says with which key or on which bytes.
package enum CryptoFailure: Error, Equatable, CustomStringConvertible {
    case unavailable(String)
    case failed(String)

    package var description: String {
        switch self {
        case .unavailable(let name): "libcrypto does not offer \(name)"
        case .failed(let call): "libcrypto failed in \(call)"
        }
    }
}
