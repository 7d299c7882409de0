// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// The name of a connection as parks and stores know it: printable ASCII that fits into a header and a line. A handler may name it as
/// it likes; what is longer, or holds anything else, goes by its beginning and its digest, so that no two names become one.
package enum ConnectionName {
    package static let limit = 200
    private static let beginning = 100

    /// Nil for an empty one: that is no connection. What has been through this stays as it is.
    package static func plain(_ name: String?) -> String? {
        guard let name, !name.isEmpty else { return nil }
        if name.utf8.count <= limit, name.utf8.allSatisfy(isPrintable) { return name }
        let begin = String(decoding: name.utf8.prefix(beginning).map { isPrintable($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        // It fails only where nothing could be claimed either: the ledger's keys are digests, too.
        let digest = (try? Digest.sha256(Array(name.utf8))) ?? []
        return "\(begin)~\(Hex.encode(digest))"
    }

    /// Of one that must be there.
    package static func required(_ name: String) throws -> String {
        guard let plain = plain(name) else { throw Missing() }
        return plain
    }

    package struct Missing: Error, CustomStringConvertible {
        package var description: String { "the name of a connection is empty" }
    }

    private static func isPrintable(_ byte: UInt8) -> Bool { (0x20...0x7E).contains(byte) }
}
