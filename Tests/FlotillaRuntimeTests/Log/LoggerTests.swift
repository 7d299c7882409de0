// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Foundation
internal import Synchronization
internal import Testing

@Suite struct LoggerTests {
    private let sink = CapturedLog()
    private let clock = ManualClock()

    private func logger(_ level: LogLevel) -> Logger {
        Logger(program: "flotilla-test", level: level, sink: sink, clock: clock)
    }

    @Test("Lines below the level are not written, and their message is not even made", arguments: LogLevel.allCases)
    func levels(level: LogLevel) {
        let logger = logger(level)
        let made = Atomic(0)
        func message() -> String {
            made.add(1, ordering: .relaxed)
            return "m"
        }
        logger.debug(message())
        logger.info(message())
        logger.notice(message())
        logger.warning(message())
        logger.error(message())
        let expected = LogLevel.allCases.filter { $0 >= level }
        #expect(sink.lines.map(\.level) == expected)
        #expect(made.load(ordering: .relaxed) == expected.count)
    }

    @Test("A line is one JSON object with time, level, program, message and fields in their order")
    func json() {
        clock.advance(by: .milliseconds(7))
        let none: String? = nil
        logger(.info).with(["queue": "email"]).notice(
            "it \"happened\"\n",
            [
                "trace_id": "4bf9", "count": 3, "share": 0.5, "up": true, "took": Duration.milliseconds(1500), "key": Secret("hunter2"),
                "left_out": none,
                "level": "x", "at": clock.now,
            ])
        #expect(
            sink.lines.map { String(decoding: $0.json, as: UTF8.self) } == [
                #"{"time":"2026-01-01T00:00:00.007Z","level":"notice","program":"flotilla-test","msg":"it \"happened\"\n","queue":"email","#
                    + #""trace_id":"4bf9","count":3,"share":0.5,"up":true,"took":1.5,"key":"<redacted>","level_":"x","at":"2026-01-01T00:00:00.007Z"}"#
                    + "\n"
            ])
    }

    @Test("A whole second still has its three digits")
    func milliseconds() {
        logger(.info).info("x")
        #expect(String(decoding: sink.lines[0].json, as: UTF8.self).contains(#""2026-01-01T00:00:00.000Z""#))
    }

    @Test("A text of any length makes a line of a bounded one, which is still JSON")
    func long() throws {
        logger(.info).info(String(repeating: "é", count: 10_000), ["body": String(repeating: "\u{1}", count: 100_000)])
        let json = sink.lines[0].json
        #expect(json.count < 40_000)
        _ = try JSONSerialization.jsonObject(with: Data(json))
    }

    @Test("The readable form obeys nobody: no control character reaches a terminal")
    func text() {
        logger(.info).warning("a\u{1B}[31m\nb", ["x": "p q", "y": "\u{9B}2J\u{202E}", "n": 1, "e": "", "s": Secret("hunter2")])
        let text = String(decoding: sink.lines[0].text, as: UTF8.self)
        #expect(text == "00:00:00.000 warning a\u{FFFD}[31m\u{FFFD}b x=\"p q\" y=\u{FFFD}2J\u{FFFD} n=1 e=\"\" s=<redacted>\n")
    }

    @Test("A pipe gets whole JSON lines from many threads at once")
    func pipe() async throws {
        let pipe = Pipe()
        let sink = DescriptorSink(pipe.fileHandleForWriting.fileDescriptor)
        let logger = Logger(program: "p", level: .info, sink: sink, clock: clock)
        // Read by a thread of its own: writers that wait for the pipe hold the pool's threads.
        let (read, reading) = AsyncStream.makeStream(of: Data.self)
        Thread.detachNewThread { reading.yield(pipe.fileHandleForReading.readDataToEndOfFile()) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for line in 0..<100 { logger.info("line", ["task": task, "line": line, "pad": String(repeating: "x", count: 1000)]) }
                }
            }
        }
        try pipe.fileHandleForWriting.close()
        let lines = await read.first { _ in true }?.split(separator: 0x0A) ?? []
        #expect(lines.count == 800)
        for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line)) }
    }

    @Test("A terminal gets the readable form, anything else JSON", arguments: [true, false, nil])
    func terminal(isTerminal: Bool?) throws {
        let pipe = Pipe()
        let sink = DescriptorSink(pipe.fileHandleForWriting.fileDescriptor, isTerminal: isTerminal)
        Logger(program: "p", level: .info, sink: sink, clock: clock).info("hello", ["a": 1])
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        #expect(isTerminal == true ? text == "00:00:00.000 info    hello a=1\n" : text.hasPrefix("{"))
    }

    @Test("A line that cannot be written is given up, not waited for")
    func closed() {
        Logger(program: "p", level: .info, sink: DescriptorSink(-1), clock: clock).info("hello")
    }

    @Test("A throttle admits so many in a period, and then tells how many it left out")
    func throttle() {
        let throttle = LogThrottle(2, each: .seconds(10))
        func admit() -> Int? { throttle.admit(at: clock.now) }
        #expect([admit(), admit(), admit(), admit(), admit()] == [0, 0, nil, nil, nil])
        clock.advance(by: .milliseconds(9999))
        #expect(admit() == nil)
        clock.advance(by: .milliseconds(1))
        #expect([admit(), admit(), admit()] == [4, 0, nil])
    }
}
