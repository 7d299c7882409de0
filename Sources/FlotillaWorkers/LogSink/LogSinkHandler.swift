// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel
package import FlotillaRuntime

/// Appends each event to a sink, and is done when it lies there for good. Not repeatable: a second append is a second line, so a
/// redelivery asks the ledger first. One line is still doubled when the process dies between the append and the mark.
package struct LogSinkHandler: Handler {
    private let sink: FileSink
    private let clock: any WallClock
    /// A sink that is away is nobody's fault: no attempt is spent while its disk is full.
    private static let pause = Duration.seconds(5)

    package init(_ sink: FileSink, clock: any WallClock = SystemClock()) {
        self.sink = sink
        self.clock = clock
    }

    package func handle(_ event: Event, context: Context) async throws -> Outcome {
        do {
            try await sink.append(LogRecord(event, now: clock.now))
        } catch let failure as FileSinkFailure {
            // Without the path: the reason travels with the event and is shown to whoever lists dead letters.
            throw Failure(.throttled(until: clock.now + Self.pause), "the log sink \(failure.trouble)")
        }
        return .done
    }
}
