// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// A JSON object as text, for schemes whose proof stands in the body.
enum JSONObjectText {
    /// Whether a body can only be JSON, whatever it is declared as.
    static func isBegun(by body: [UInt8]) -> Bool {
        body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
    }

    /// The object with one more member at its end, which counts where there is one of that name already. What is no object stays
    /// what it is.
    static func adding(_ name: String, _ json: [UInt8], to object: [UInt8]) -> [UInt8] {
        guard let end = object.lastIndex(of: UInt8(ascii: "}")) else { return object }
        var member = JSONWriter(capacity: json.count + name.utf8.count + 8)
        member.object { member in
            member.key(name)
            member.raw(json)
        }
        let isEmpty = ((try? JSONFields.firstKey(of: object)) ?? nil) == nil
        return Array(object[..<end]) + (isEmpty ? [] : [UInt8(ascii: ",")]) + member.bytes.dropFirst() + object[(end + 1)...]
    }
}
