// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// Where a request carries its signature, and how it is written there: `sha256=<hex>`, or `v1,<base64> v1,<base64>`.
struct SignatureField: Sendable {
    enum Encoding: String, Sendable, CaseIterable {
        case hex, base64

        func length(of bytes: Int) -> Int {
            switch self {
            case .hex: bytes * 2
            case .base64: (bytes + 2) / 3 * 4
            }
        }

        func encode(_ code: [UInt8]) -> String {
            switch self {
            case .hex: Hex.encode(code)
            case .base64: Base64.encode(code)
            }
        }
    }

    /// The prefix marks the algorithm or version that the field is read for: a weaker version beside or instead of this one
    /// is never looked at.
    let item: HeaderItem
    let encoding: Encoding
    /// Whether there is one header for each key: the name, a dash, and a number in this range.
    var numbers: ClosedRange<Int>?

    init(header: String, prefix: String = "", encoding: Encoding, separator: UInt8? = nil, numbers: ClosedRange<Int>? = nil) {
        item = HeaderItem(header: header, prefix: prefix, separator: separator)
        self.encoding = encoding
        self.numbers = numbers
    }

    /// What follows the mark, for every signature that has it and is as long as a code. At least one.
    ///
    /// Signatures are compared as they are written, not as the bytes that they stand for: so one code has one spelling, and
    /// no upper case, missing padding or stray bit makes a second text pass for the same signature.
    func signatures(in headers: Headers, length: Int) throws(Rejection) -> [Substring] {
        let found = try parts(in: headers).filter { $0.utf8.count == encoding.length(of: length) }
        guard !found.isEmpty else {
            let mark = item.prefix.isEmpty ? "" : " that begins with \(item.prefix)"
            throw Rejection(.signature, "the header \(item.header) holds no whole signature\(mark)")
        }
        return found
    }

    /// The header that a signer writes.
    var nameToWrite: String {
        numbers.map { "\(item.header)-\($0.lowerBound)" } ?? item.header
    }

    private func parts(in headers: Headers) throws(Rejection) -> [Substring] {
        guard let numbers else { return item.parts(of: try headers.single(item.header)) }
        var parts: [Substring] = []
        for number in numbers where headers["\(item.header)-\(number)"] != nil {
            parts += item.parts(of: try headers.single("\(item.header)-\(number)"))
        }
        guard !parts.isEmpty else { throw Rejection(.header, "the header \(item.header)-\(numbers.lowerBound) is missing") }
        return parts
    }
}
