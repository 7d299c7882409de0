// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// A header's value, or the one part of it that begins in a certain way: `t=` among `t=1492774577,v1=5257…`.
struct HeaderItem: Sendable {
    let header: String
    /// What marks the part; nothing where the whole value is meant.
    var prefix = ""
    /// What stands between several parts; nil where there is only one.
    var separator: UInt8?

    /// What follows the mark. Anything but exactly one such part is refused.
    func value(in headers: Headers) throws(Rejection) -> Substring {
        let found = parts(of: try headers.single(header))
        guard let only = found.first, found.count == 1, !only.isEmpty else {
            throw Rejection(.header, "the header \(header) does not hold \(prefix.isEmpty ? "a value" : prefix) exactly once")
        }
        return only
    }

    /// What follows the mark, for every part that has it. Anything else in the header is passed over.
    func parts(of value: String) -> [Substring] {
        guard let separator else { return Self.behind(prefix, value.utf8[...]).map { [$0] } ?? [] }
        return value.utf8.split(separator: separator).compactMap { Self.behind(prefix, $0) }
    }

    private static func behind(_ prefix: String, _ text: Substring.UTF8View) -> Substring? {
        text.starts(with: prefix.utf8) ? Substring(text.dropFirst(prefix.utf8.count)) : nil
    }
}
