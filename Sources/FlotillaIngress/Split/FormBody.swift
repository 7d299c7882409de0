// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// A body of `application/x-www-form-urlencoded`, as HTML forms write it. A query is written the same way.
enum FormBody {
    static func isDeclared(by contentType: String?) -> Bool {
        guard let contentType else { return false }
        let media = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return media.lazy.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }.elementsEqual("application/x-www-form-urlencoded".utf8)
    }

    /// What does not say what it is counts as a form: that is what providers of forms send.
    static func isAssumed(by contentType: String?) -> Bool {
        contentType == nil || isDeclared(by: contentType)
    }

    /// The decoded bytes of the one field of that name; nil where there is none, or several, or its escapes are broken.
    static func field(_ name: String, of body: [UInt8]) -> [UInt8]? {
        var found: ArraySlice<UInt8>?
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            // A sender's escapes may change on the way: a name with some is still that name.
            guard key.elementsEqual(name.utf8) || key.contains(UInt8(ascii: "%")) && decode(key).map(name.utf8.elementsEqual) == true else {
                continue
            }
            guard found == nil else { return nil }
            found = pair.dropFirst(key.count + 1)
        }
        return found.flatMap(decode)
    }

    /// All fields, decoded, in their order; nil where an escape is broken or there are more than `limit`.
    static func fields(of body: [UInt8], limit: Int) -> [(name: [UInt8], value: [UInt8])]? {
        var fields: [(name: [UInt8], value: [UInt8])] = []
        for pair in body.split(separator: UInt8(ascii: "&"), maxSplits: limit) {
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            guard fields.count < limit, let name = decode(key), let value = decode(pair.dropFirst(key.count + 1)) else { return nil }
            fields.append((name, value))
        }
        return fields
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        PercentEncoding.decode(text, plusIsSpace: true)
    }
}
