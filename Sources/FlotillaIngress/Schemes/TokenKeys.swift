// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel
internal import FlotillaRuntime

/// What a hook's tokens are verified with: secrets, or the provider's public keys. Which of both is the scheme's choice, so a public key
/// can never serve as a secret.
enum TokenKeys: Sendable {
    case secrets([HMACKey])
    case publicKeys(KeySet)

    init(_ settings: HookSettings, for proof: TokenScheme.Proof) throws(HookFault) {
        switch proof {
        case .secret:
            var keys: [HMACKey] = []
            for bytes in try KeyForm.text.bytes(of: settings.keys) {
                do { keys.append(try HMACKey(bytes, .sha256)) } catch { throw .unusableKey }
            }
            self = .secrets(keys)
        case .publicKey:
            self = .publicKeys(try KeySet(settings))
        }
    }

    func verify(_ token: SignedToken) throws(Rejection) {
        switch self {
        case .secrets(let keys):
            for key in keys where constantTimeEquals(try Self.code(of: token.signed, by: key), token.signature) { return }
        case .publicKeys(let set):
            let keys = set.keys(named: token.keyID)
            guard !keys.isEmpty else { throw Rejection(.unavailable, "the token names a key that is not among the configured ones") }
            for key in keys where try key.verifies(token.signature, of: [token.signed], by: .rsaSHA256) { return }
        }
        throw Rejection(.signature, "the token is not signed by a configured key")
    }

    func sign(_ signed: [UInt8]) throws(Rejection) -> [UInt8] {
        switch self {
        case .secrets(let keys):
            guard let key = keys.first else { throw Rejection(.unavailable, "there is no secret to sign with") }
            return try Self.code(of: signed, by: key)
        case .publicKeys(let set):
            guard let key = set.keys(named: nil).first else { throw Rejection(.unavailable, "there is no key to sign with") }
            return try key.sign([signed], by: .rsaSHA256)
        }
    }

    private static func code(of signed: [UInt8], by key: HMACKey) throws(Rejection) -> [UInt8] {
        do { return try key.code(signed) } catch { throw Rejection(.unavailable, "the signature can't be computed now") }
    }
}
