// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// Where a request carries its signature, and how it is written there: `sha256=<hex>`, or `v1,<base64> v1,<base64>`.
struct SignatureField: Sendable {
    enum Encoding: Sendable {
        case hex, base64
    }

    let header: String
    /// What marks the algorithm or version that this field is read for. Anything else in the header is passed over, so that a
    /// weaker version beside or instead of this one is never looked at.
    let prefix: String
    let encoding: Encoding
    /// What stands between several signatures of one header; nil where there is only one.
    var separator: UInt8?

    /// Every signature of the known version that is as long as a code. At least one.
    func signatures(in headers: Headers, length: Int) throws(Rejection) -> [[UInt8]] {
        let value = try headers.single(header)
        let found: [[UInt8]]
        if let separator {
            found = value.utf8.split(separator: separator).compactMap { decode($0, length: length) }
        } else {
            found = decode(value.utf8[...], length: length).map { [$0] } ?? []
        }
        guard !found.isEmpty else {
            throw Rejection(
                .signature, "the header \(header) holds no signature of the form \(prefix)\(encoding == .hex ? "hex" : "base64")")
        }
        return found
    }

    func write(_ code: [UInt8]) -> String {
        prefix + (encoding == .hex ? Hex.encode(code) : Base64.encode(code))
    }

    /// Strict: one code has one spelling, so that no second text passes for the same signature.
    private func decode(_ text: Substring.UTF8View, length: Int) -> [UInt8]? {
        guard text.starts(with: prefix.utf8) else { return nil }
        let digits = Substring(text.dropFirst(prefix.utf8.count))
        let code: [UInt8]?
        switch encoding {
        case .hex: code = Hex.decode(digits)
        case .base64: code = Base64.decode(digits).flatMap { Base64.encode($0) == digits ? $0 : nil }
        }
        return code?.count == length ? code : nil
    }
}
