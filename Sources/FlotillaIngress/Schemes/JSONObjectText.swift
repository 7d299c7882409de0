// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Changes to a JSON object as text, for signers whose proof stands in the body.
enum JSONObjectText {
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
