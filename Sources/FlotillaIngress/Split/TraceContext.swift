// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// The W3C trace context that a request brought, or nothing: what is malformed is left out, as the standard asks.
struct TraceContext: Equatable {
    let parent: String
    let state: String?

    init?(parent: String?, state: String?) {
        guard let parent, Self.isParent(parent) else { return nil }
        self.parent = parent
        self.state = state.flatMap { Self.isState($0) ? $0 : nil }
    }

    init?(_ headers: Headers) {
        guard let parent = headers.unambiguous("traceparent") else { return nil }
        self.init(parent: parent, state: headers.all("tracestate").joined(separator: ","))
    }

    /// `version-traceid-parentid-flags` in lower-case hexadecimal. A version above 00 may add more fields behind.
    private static func isParent(_ text: String) -> Bool {
        let fields = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard text.utf8.count <= 255, fields.count >= 4, zip(fields, [2, 32, 16, 2]).allSatisfy({ $0.count == $1 }) else { return false }
        guard fields.prefix(4).allSatisfy({ $0.allSatisfy(isHex) }) else { return false }
        let version = Substring(fields[0])
        guard version != "ff", version != "00" || fields.count == 4 else { return false }
        guard fields.dropFirst(4).joined().allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
        return fields[1...2].allSatisfy { id in id.contains { $0 != UInt8(ascii: "0") } }
    }

    /// A list of at most 32 `key=value` in printable ASCII.
    private static func isState(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 512, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return false }
        let members = text.utf8.split(separator: UInt8(ascii: ","))
        return (1...32).contains(members.count) && members.allSatisfy { $0.contains(UInt8(ascii: "=")) }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
