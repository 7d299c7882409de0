// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// How a provider's secret becomes the bytes of a key.
enum KeyForm: Sendable {
    /// The text itself, as UTF-8.
    case text
    /// `whsec_` and base64 of so many bytes, as Standard Webhooks writes it; senders leave out the prefix, the padding, or both.
    case whsec(ClosedRange<Int>)
    /// Base64 only behind `whsec_`; without it the text itself.
    case whsecOrText

    var meaning: String {
        switch self {
        case .text: "the secret as the provider shows it"
        case .whsec(let bytes):
            "whsec_ and base64 of \(bytes.count == 1 ? "" : "\(bytes.lowerBound) to ")\(bytes.upperBound) bytes; whsec_ may be left out"
        case .whsecOrText: "whsec_ and base64, or else the text itself"
        }
    }

    /// One for each key, in their order. At least one.
    func bytes(of keys: [HookKey]) throws(HookFault) -> [[UInt8]] {
        guard !keys.isEmpty else { throw .noKey }
        var all: [[UInt8]] = []
        for key in keys { all.append(try bytes(of: key)) }
        return all
    }

    func bytes(of key: HookKey) throws(HookFault) -> [UInt8] {
        guard !key.text.isEmpty else { throw .emptyKey }
        switch (key.kind, self) {
        case (.utf8, _), (.provided, .text):
            return key.text.withBytes { $0 }
        case (.whsec, _):
            return try Self.decode(key.text.expose(), lengths: 1...Int.max)
        case (.provided, .whsec(let lengths)):
            return try Self.decode(key.text.expose(), lengths: lengths)
        case (.provided, .whsecOrText):
            let text = key.text.expose()
            return text.hasPrefix(Self.mark) ? try Self.decode(text, lengths: 1...Int.max) : Array(text.utf8)
        default:
            throw .otherKind
        }
    }

    private static let mark = "whsec_"

    private static func decode(_ text: String, lengths: ClosedRange<Int>) throws(HookFault) -> [UInt8] {
        var encoded = text.hasPrefix(mark) ? String(text.dropFirst(mark.count)) : text
        while !encoded.utf8.count.isMultiple(of: 4) { encoded += "=" }
        guard let key = Base64.decode(encoded) else { throw .notWhsec }
        guard lengths.contains(key.count) else { throw lengths.upperBound == .max ? .emptyKey : .length(lengths) }
        return key
    }
}
