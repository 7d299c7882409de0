// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
package import FlotillaRuntime

/// Makes secrets fit to be stored: AES-256-GCM under the keys of `FLOTILLA_KEYS`. Made when the configuration is read, never without
/// a key, and the same in every process of a fleet; the newest key seals, each of them opens what it sealed.
///
/// What is sealed is bound to its label: moved to another row of the store, it does not open.
package struct Vault: Sendable {
    package struct Key: Sendable {
        let id: String
        let bytes: Secret

        package init(id: String, bytes: Secret) {
            self.id = id
            self.bytes = bytes
        }
    }

    private let newest: Key
    private let older: [Key]

    package init(newest: Key, older: [Key] = []) {
        self.newest = newest
        self.older = older
    }

    package func seal(_ secret: Secret, as label: SecretLabel) throws(VaultFailure) -> SealedSecret {
        do {
            let bytes = try AESGCM.seal(secret.withBytes { $0 }, key: newest.bytes.withBytes { $0 }, associated: label.bytes)
            return SealedSecret(key: newest.id, bytes: bytes)
        } catch {
            throw .unusable("\(error)")
        }
    }

    package func open(_ sealed: SealedSecret, as label: SecretLabel) throws(VaultFailure) -> Secret {
        guard let key = ([newest] + older).first(where: { $0.id == sealed.key }) else { throw .noKey(id: sealed.key) }
        do {
            return Secret(bytes: try AESGCM.open(sealed.bytes, key: key.bytes.withBytes { $0 }, associated: label.bytes))
        } catch .notAuthentic {
            throw .notAuthentic(id: sealed.key)
        } catch {
            throw .unusable("\(error)")
        }
    }
}

/// A secret as it lies in a store: under which key, and a nonce, ciphertext and tag.
package struct SealedSecret: Sendable, Equatable {
    package let key: String
    package let bytes: [UInt8]

    package init(key: String, bytes: [UInt8]) {
        self.key = key
        self.bytes = bytes
    }
}

/// What a secret is for, and whose it is.
package struct SecretLabel: Sendable, Equatable {
    let bytes: [UInt8]

    private init(_ purpose: StaticString, _ name: String) {
        bytes = Array("flotilla\0\(purpose)\0\(name)".utf8)
    }

    package static func hook(_ name: String) -> SecretLabel { SecretLabel("hook", name) }

    /// The value of one effect of one event: neither its name nor its key holds a control character.
    package static func effect(_ effect: EffectName) -> SecretLabel {
        SecretLabel("effect", "\(Hex.encode(effect.event.bytes))\0\(effect.name)\0\(effect.key)")
    }
}

/// Why a secret can't be sealed or opened. Names keys by their ids alone.
package enum VaultFailure: Error, Equatable, CustomStringConvertible {
    case noKey(id: String)
    case notAuthentic(id: String)
    case unusable(String)

    package var description: String {
        switch self {
        case .noKey(let id): "it is sealed with the key \(id), which FLOTILLA_KEYS does not hold"
        case .notAuthentic(let id): "it was altered, or sealed with another key of the name \(id) than the one in FLOTILLA_KEYS"
        case .unusable(let why): "the vault can't work: \(why)"
        }
    }
}
