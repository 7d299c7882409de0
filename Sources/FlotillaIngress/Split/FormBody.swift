// SPDX-License-Identifier: Apache-2.0

/// A body of `application/x-www-form-urlencoded`, as HTML forms write it.
enum FormBody {
    static func isDeclared(by contentType: String?) -> Bool {
        guard let contentType else { return false }
        let media = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return media.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }.elementsEqual("application/x-www-form-urlencoded".utf8)
    }

    /// The decoded bytes of the one field of that name; nil where there is none, or several, or its escapes are broken.
    static func field(_ name: String, of body: [UInt8]) -> [UInt8]? {
        var found: ArraySlice<UInt8>?
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            guard key.elementsEqual(name.utf8) else { continue }
            guard found == nil else { return nil }
            found = pair.dropFirst(key.count + 1)
        }
        return found.flatMap { PercentEncoding.decode($0, plusIsSpace: true) }
    }
}
