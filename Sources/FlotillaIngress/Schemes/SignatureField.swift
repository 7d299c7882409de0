// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// Where a request carries its signature, and how it is written there: `sha256=<hex>`, or `v1,<base64> v1,<base64>`.
struct SignatureField: Sendable {
    enum Encoding: Sendable {
        case hex, base64

        func length(of bytes: Int) -> Int {
            switch self {
            case .hex: bytes * 2
            case .base64: (bytes + 2) / 3 * 4
            }
        }
    }

    let header: String
    /// What marks the algorithm or version that this field is read for. Anything else in the header is passed over, so that a
    /// weaker version beside or instead of this one is never looked at.
    let prefix: String
    let encoding: Encoding
    /// What stands between several signatures of one header; nil where there is only one.
    var separator: UInt8?

    /// What follows the mark, for every signature that has it and is as long as a code. At least one.
    ///
    /// Signatures are compared as they are written, not as the bytes that they stand for: so one code has one spelling, and
    /// no upper case, missing padding or stray bit makes a second text pass for the same signature.
    func signatures(in headers: Headers, length: Int) throws(Rejection) -> [Substring] {
        let value = try headers.single(header)
        let known = candidates(in: value).compactMap { text in
            text.starts(with: prefix.utf8) ? Substring(text.dropFirst(prefix.utf8.count)) : nil
        }
        let found = known.filter { $0.utf8.count == encoding.length(of: length) }
        guard !found.isEmpty else {
            throw Rejection(.signature, "the header \(header) holds no whole signature that begins with \(prefix)")
        }
        return found
    }

    private func candidates(in value: String) -> [Substring.UTF8View] {
        guard let separator else { return [value.utf8[...]] }
        return value.utf8.split(separator: separator)
    }

    func encode(_ code: [UInt8]) -> String {
        switch encoding {
        case .hex: Hex.encode(code)
        case .base64: Base64.encode(code)
        }
    }
}
