// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

extension APITokens {
    /// Reads FLOTILLA_API_TOKENS: `name:scopes[@tenant]:token`, separated by spaces. Entries of one name are one owner's tokens, so that
    /// a new one works before the old one is taken away. A fault names the entry by its place: anything in it may be the secret.
    package init(reading configuration: inout Configuration) {
        var tokens: [APIToken] = []
        for (index, entry) in configuration.secrets(Variable.apiTokens.name).enumerated() {
            do throws(TokenFault) {
                let token = try APIToken(entry)
                guard !tokens.contains(where: token.hasText) else { throw .repeated }
                // Events are told apart by the token's name and their ids: two tenants under one name could take each other's.
                guard !tokens.contains(where: { $0.name == token.name && $0.tenant != token.tenant }) else { throw .owner }
                tokens.append(token)
            } catch {
                configuration.fault(
                    Variable.apiTokens.name, "must hold name:scopes[@tenant]:token, but entry \(index + 1) \(error.rawValue)")
            }
        }
        self.init(tokens)
    }
}

private enum TokenFault: String, Error {
    case parts = "does not have three parts with a colon between them"
    case name = "has a name that is not 1 to 64 lower-case letters, digits, - and _, beginning with a letter or a digit"
    case scopes = "has scopes other than events, tokens, search and inbox, joined by +"
    case tenant = "has an empty tenant, or one longer than 255 bytes"
    case text = "has no token, or one with other than visible ASCII characters"
    case owner = "has the name of an entry before it, but another tenant"
    case repeated = "has the token of an entry before it"
    case unusable = "can't be hashed: libcrypto fails"
}

extension APIToken {
    fileprivate init(_ entry: Secret) throws(TokenFault) {
        let parts = entry.expose().split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .parts }
        guard Self.isName(parts[0]) else { throw .name }
        let owner = parts[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let scopes = owner[0].split(separator: "+", omittingEmptySubsequences: false).map { Scope(rawValue: String($0)) }
        guard !scopes.contains(nil) else { throw .scopes }
        let tenant = owner.count > 1 ? String(owner[1]) : nil
        guard tenant.map({ (1...255).contains($0.utf8.count) }) ?? true else { throw .tenant }
        guard !parts[2].isEmpty, parts[2].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .text }
        do {
            try self.init(name: String(parts[0]), scopes: Set(scopes.compactMap(\.self)), tenant: tenant, text: Secret(String(parts[2])))
        } catch {
            throw .unusable
        }
    }

    /// It stands in the sources of events.
    private static func isName(_ name: Substring) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard (1...64).contains(name.utf8.count), name.utf8.first.map(isPlain) == true else { return false }
        return name.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}
