// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel
package import FlotillaRuntime

extension Vault {
    /// Reads `FLOTILLA_KEYS`. Nil when it is not set, or has a fault, which is then reported.
    package init?(reading configuration: inout Configuration) {
        let words = configuration.words(.keys)
        var keys: [Key] = []
        for (place, word) in words.enumerated() {
            do throws(KeyFault) {
                let key = try Key(reading: word)
                guard !keys.contains(where: { $0.id == key.id }) else { throw .repeated(id: key.id) }
                keys.append(key)
            } catch {
                configuration.fault(Variable.keys.name, "\(error.remedy): see number \(place + 1) of \(words.count)")
            }
        }
        guard let newest = keys.first, keys.count == words.count else { return nil }
        self.init(newest: newest, older: Array(keys.dropFirst()))
    }
}

extension Vault.Key {
    /// `id:base64`. The id is stored beside what the key sealed, and shown.
    fileprivate init(reading word: String) throws(KeyFault) {
        guard let colon = word.firstIndex(of: ":") else { throw .shape }
        let id = word[..<colon]
        guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy(Self.isPlain) else { throw .id }
        guard let bytes = Base64.decode(word[word.index(after: colon)...]), bytes.count == AESGCM.keyLength else { throw .bytes }
        self.init(id: String(id), bytes: Secret(bytes: bytes))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}

/// What is wrong with one key. Shows nothing of it but an id that is sound.
private enum KeyFault: Error {
    case shape, id, bytes
    case repeated(id: String)

    var remedy: String {
        switch self {
        case .shape: "must hold keys as id:base64, separated by spaces, newest first"
        case .id: "must name each key by 1 to 64 letters, digits, - _ and ."
        case .bytes: "must hold \(AESGCM.keyLength) bytes in base64 after each id (openssl rand -base64 \(AESGCM.keyLength))"
        case .repeated(let id): "must give each key an id of its own, not \(id) twice"
        }
    }
}
