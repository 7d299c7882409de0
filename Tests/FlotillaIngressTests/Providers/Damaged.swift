// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime

/// A request that was a provider's until something was done to it.
struct Damaged: Sendable {
    let name: String
    let vector: Vector

    static func all(of vector: Vector) -> [Damaged] {
        var all: [Damaged] = []
        func add(_ name: String, _ change: (inout Vector) -> Void) {
            var copy = vector
            change(&copy)
            all.append(Damaged(name: name, vector: copy))
        }
        add("other keys") { $0.keys = $0.keys.map(other) }
        add("no keys") { $0.keys = [] }
        add("an empty key") { $0.keys = $0.keys.map { HookKey(Secret(""), kind: $0.kind) } }
        add("an empty key beside") { $0.keys.append(HookKey(Secret(""), kind: $0.keys[0].kind)) }
        for name in vector.deciding {
            guard let place = vector.headers.firstIndex(where: { $0.name == name }) else { continue }
            let value = vector.headers[place].value
            add("without \(name)") { $0.headers.remove(at: place) }
            add("with an empty \(name)") { $0.headers[place].value = "" }
            add("with two \(name)") { $0.headers.append((name.uppercased(), value)) }
            add("with a wrong \(name) before it") { $0.headers.insert((name, "x"), at: 0) }
            add("with less of \(name)") { $0.headers[place].value.removeLast() }
            add("with more of \(name)") { $0.headers[place].value += "0" }
            guard let code = Code(in: value) else { continue }
            add("with \(name) in upper case") { $0.headers[place].value = value.replacing(code.text, with: code.text.uppercased()) }
            add("with \(name) in another encoding") { $0.headers[place].value = value.replacing(code.text, with: code.otherEncoding) }
            add("with \(name) cut to half") {
                $0.headers[place].value = value.replacing(code.text, with: code.text.prefix(code.text.count / 2))
            }
            add("with one letter of \(name) changed") {
                $0.headers[place].value = value.replacing(code.text, with: (code.text.first == "1" ? "2" : "1") + code.text.dropFirst())
            }
        }
        if vector.covers.contains("body") {
            add("a longer body") { $0.body += Array("&x=y ".utf8) }
            if !vector.body.isEmpty { add("a changed body") { $0.body[$0.body.count / 2] ^= 1 } }
            if !vector.body.isEmpty { add("an emptied body") { $0.body = [] } }
        }
        if vector.covers.contains("url") {
            add("another path") { $0.url = $0.url.replacing(".com/", with: ".com/x").replacing(".example", with: ".example.org") }
            add("another query") { $0.url += $0.url.contains("?") ? "&more=1" : "?more=1" }
        }
        if vector.covers.contains("time") {
            add("a day later") { $0.now = $0.now + .seconds(2 * 86_400) }
            add("a day earlier") { $0.now = $0.now - .seconds(2 * 86_400) }
        }
        return all
    }

    /// A key of the same kind that is not the provider's.
    private static func other(_ key: HookKey) -> HookKey {
        var letters = Array(key.text.expose())
        if key.kind == .whsec, letters.count > 12 { letters[12] = letters[12] == "A" ? "B" : "A" } else { letters.append("x") }
        return HookKey(Secret(String(letters)), kind: key.kind)
    }

    /// The last code in a header's value: a long run of hexadecimal digits or of base64 text.
    private struct Code {
        let text: Substring
        let bytes: [UInt8]
        let isHex: Bool

        init?(in value: String) {
            let words = value.split { !($0.isASCII && ($0.isLetter || $0.isNumber || "+/=".contains($0))) }
            guard let word = words.last(where: { $0.utf8.count >= 27 }) else { return nil }
            let text = word.contains("=") && !word.hasSuffix("=") ? word.split(separator: "=").last ?? word : Self.behindMark(word)
            if let bytes = Hex.decode(text) {
                (self.text, self.bytes, isHex) = (text, bytes, true)
            } else if let bytes = Base64.decode(text) {
                (self.text, self.bytes, isHex) = (text, bytes, false)
            } else {
                return nil
            }
        }

        /// `sha256=…=` has a mark in front of its padding.
        private static func behindMark(_ word: Substring) -> Substring {
            guard let place = word.firstIndex(of: "="), word[place...].contains(where: { $0 != "=" }) else { return word }
            return word[word.index(after: place)...]
        }

        var otherEncoding: String { isHex ? Base64.encode(bytes) : Hex.encode(bytes) }
    }
}
