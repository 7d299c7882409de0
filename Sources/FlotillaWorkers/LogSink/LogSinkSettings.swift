// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// One sink, as configured: its name, the queue that it takes from, and what it writes to.
package struct LogSinkSettings: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case file(FileSinkSettings)
    }

    package let name: String
    package let queue: String
    package let kind: Kind

    /// Many handlers wait for one fsync together, so there are many of them; and as many deliveries again wait behind them.
    package static let concurrency = 256
    package static let prefetch = 512

    /// Throws a FileSinkFailure that names the path, when it can't be written to.
    package func open(clock: any WallClock = SystemClock()) async throws -> FileSink {
        switch kind {
        case .file(let settings): try await FileSink.open(settings, clock: clock)
        }
    }
}

extension LogSinkSettings.Kind {
    /// By the words of the paths: links are not followed.
    func isSameTarget(as other: LogSinkSettings.Kind) -> Bool {
        switch (self, other) {
        case (.file(let one), .file(let two)): one.path == two.path
        }
    }
}
