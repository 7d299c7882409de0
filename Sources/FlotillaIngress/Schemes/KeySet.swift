// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel
internal import FlotillaRuntime

/// The RSA keys that a provider signs tokens with, by their names: of a JSON Web Key Set (RFC 7517), of an object of certificates by their
/// names as Google also writes it, or single certificates and keys in PEM, which have no name. Read when the hook is made; the dates of
/// such certificates say nothing, since a token has its own.
struct KeySet: Sendable {
    static let meaning = "the provider's keys: a JSON Web Key Set, a certificate or a public key in PEM; none where a file of them is set"
    static let file = HookOption(
        "jwks",
        "a file with the provider's keys as a JSON Web Key Set, for Google that of https://www.googleapis.com/oauth2/v3/certs; read at start "
            + "and on SIGHUP. A token that names another key is answered with 503")

    private static let fileLimit = 256 << 10
    private static let countLimit = 100

    private struct Member: Sendable {
        let name: String?
        let key: SignatureKey
    }

    private let members: [Member]

    init(_ settings: HookSettings) throws(HookFault) {
        var members: [Member] = []
        for key in settings.keys {
            guard [.provided, .x509PEM, .utf8].contains(key.kind) else { throw .otherKind }
            guard !key.text.isEmpty else { throw .emptyKey }
            members += try Self.read(key.text.withBytes { $0 }, .keys)
        }
        if let path = settings.text(Self.file), !path.isEmpty {
            let place = HookFault.Place.option(Self.file.name)
            let bytes: [UInt8]
            do throws(SmallFile.Failure) {
                bytes = try SmallFile.read(path, limit: Self.fileLimit)
            } catch {
                throw HookFault(place, "names a file that \(error)")
            }
            members += try Self.read(bytes, place)
        }
        guard !members.isEmpty else { throw HookFault(.keys, "needs a key, or \(Self.file.name) a file of them") }
        self.members = members
    }

    /// Those that may have signed: the ones of that name. Where there are none, those without a name; for a token that names none, all.
    func keys(named name: String?) -> [SignatureKey] {
        guard let name else { return members.map(\.key) }
        let named = members.filter { $0.name == name }
        return (named.isEmpty ? members.filter { $0.name == nil } : named).map(\.key)
    }

    private static func read(_ bytes: [UInt8], _ place: HookFault.Place) throws(HookFault) -> [Member] {
        let found: [Member]
        do throws(CryptoFailure) {
            found = try JSONValue.isObject(bytes) ? members(ofJSON: bytes) : [Member(name: nil, key: SignatureKey(pem: bytes))]
        } catch {
            throw HookFault(place, "holds no keys that can be used: \(error)")
        }
        guard (1...countLimit).contains(found.count) else { throw HookFault(place, "must hold 1 to \(countLimit) RSA keys for RS256") }
        guard found.allSatisfy({ $0.key.publicKey.kind == .rsa }) else { throw HookFault(place, "holds a key that is not RSA") }
        return found
    }

    private static func members(ofJSON bytes: [UInt8]) throws(CryptoFailure) -> [Member] {
        guard let json = try? JSONValue(parsing: bytes, sizeLimit: fileLimit, depthLimit: 16) else {
            throw .malformed("the keys are not whole JSON")
        }
        var found: [Member] = []
        if let keys = json["keys"]?.array {
            for key in keys where isForUs(key) {
                guard let modulus = key["n"]?.string.flatMap(Base64URL.decode), let exponent = key["e"]?.string.flatMap(Base64URL.decode)
                else {
                    throw .malformed("a key of the set lacks its numbers")
                }
                let publicKey = try PublicKey(rsaModulus: modulus, exponent: exponent)
                found.append(Member(name: key["kid"]?.string, key: SignatureKey(publicKey)))
            }
        } else {
            for member in json.members ?? [] {
                found.append(Member(name: member.name, key: try SignatureKey(pem: Array((member.value.string ?? "").utf8))))
            }
        }
        return found
    }

    /// A set may hold keys of other kinds, and for other ends.
    private static func isForUs(_ key: JSONValue) -> Bool {
        key["kty"]?.string == "RSA" && (key["use"] == nil || key["use"]?.string == "sig")
            && (key["alg"] == nil || key["alg"]?.string == TokenScheme.Proof.publicKey.rawValue)
    }
}

extension JSONValue {
    fileprivate static func isObject(_ bytes: [UInt8]) -> Bool {
        bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
    }
}
