// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// One secret ready to authenticate messages, in the way of its scheme. Made with its hook, used by every request.
enum MACKey: Sendable {
    enum Construction: Sendable {
        case hmac(HashAlgorithm)
        /// The plain hash of the secret and the message behind it, as old schemes have it.
        case hashBehindSecret(HashAlgorithm)

        var algorithm: HashAlgorithm {
            switch self {
            case .hmac(let algorithm), .hashBehindSecret(let algorithm): algorithm
            }
        }
    }

    case hmac(HMACKey)
    case hash(SecretPrefix)

    init(_ secret: [UInt8], _ construction: Construction) throws(CryptoFailure) {
        switch construction {
        case .hmac(let algorithm): self = .hmac(try HMACKey(secret, algorithm))
        case .hashBehindSecret(let algorithm): self = .hash(try SecretPrefix(secret, algorithm))
        }
    }

    func code(of message: Message) throws(Rejection) -> [UInt8] {
        do {
            return switch self {
            case .hmac(let key): try key.code(message.feed)
            case .hash(let key): try key.code(message.feed)
            }
        } catch {
            throw Rejection(.unavailable, "the signature can't be computed now")
        }
    }
}
