// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Writes what happened, one line for each time. Made by the program's main and handed in through `init`; `with` makes one
/// that puts more fields on every line (a worker's queue, a delivery's trace_id). It has no life of its own: the sink has.
package struct Logger: Sendable {
    package let level: LogLevel
    private let program: String
    private let fields: [(name: String, value: JSONValue)]
    private let sink: any LogSink
    private let clock: any WallClock

    package init(program: String, level: LogLevel, sink: any LogSink, clock: any WallClock = SystemClock()) {
        self.init(program: program, level: level, fields: [], sink: sink, clock: clock)
    }

    private init(program: String, level: LogLevel, fields: [(String, JSONValue)], sink: any LogSink, clock: any WallClock) {
        self.program = program
        self.level = level
        self.fields = fields
        self.sink = sink
        self.clock = clock
    }

    package func with(_ more: LogFields) -> Logger {
        Logger(program: program, level: level, fields: fields + Self.values(more), sink: sink, clock: clock)
    }

    package func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        if level <= .debug { write(.debug, message(), fields()) }
    }

    package func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        if level <= .info { write(.info, message(), fields()) }
    }

    package func notice(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        if level <= .notice { write(.notice, message(), fields()) }
    }

    package func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        if level <= .warning { write(.warning, message(), fields()) }
    }

    package func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        write(.error, message(), fields())
    }

    private func write(_ level: LogLevel, _ message: String, _ more: LogFields) {
        sink.write(LogLine(time: clock.now, level: level, program: program, message: message, fields: fields + Self.values(more)))
    }

    private static func values(_ fields: LogFields) -> [(name: String, value: JSONValue)] {
        fields.compactMap { field in field.value.map { (field.key, $0.logged) } }
    }
}
