// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// Where a file sink writes, and when it begins another file: `file:path?max-bytes=100MB&max-age=1d&keep=10`.
package struct FileSinkSettings: Sendable, Equatable {
    package var path: String
    /// A record that would make the file larger goes into the next one; one that is larger by itself gets a file of its own.
    package var maxBytes = 100_000_000
    /// Counted from the file's first record.
    package var maxAge: Duration = .seconds(86_400)
    /// How many rotated files stay; older ones are deleted.
    package var keep = 10

    package init(path: String) {
        self.path = path
    }
}

extension FileSinkSettings {
    static let items = "max-bytes, max-age, keep and name"

    /// Says what would be right, in words that follow "FLOTILLA_LOG_SINKS (sink 2)".
    init(_ url: SinkURL) throws(SinkFault) {
        guard url.host.isEmpty, !url.path.isEmpty, !url.path.hasSuffix("/"), !url.path.utf8.contains(0) else {
            throw SinkFault("must name a file, such as file:var/log/flotilla.jsonl")
        }
        self.init(path: url.path)
        for item in url.items {
            switch item.name {
            case "max-bytes":
                guard let bytes = Quantity.bytes(item.value), (1000...1_000_000_000_000).contains(bytes) else {
                    throw SinkFault("must have max-bytes from 1KB to 1TB, such as 100MB")
                }
                maxBytes = bytes
            case "max-age":
                guard let age = Quantity.duration(item.value), (.seconds(1) ... .seconds(10 * 365 * 86_400)).contains(age) else {
                    throw SinkFault("must have a max-age from 1s to 3650d, such as 12h or 1d")
                }
                maxAge = age
            case "keep":
                guard let count = Int(item.value), (1...100_000).contains(count) else {
                    throw SinkFault("must have keep from 1 to 100000: the number of rotated files that stay")
                }
                keep = count
            case "name": continue
            default: throw SinkFault("may have the query items \(Self.items), and no other")
            }
        }
    }
}
