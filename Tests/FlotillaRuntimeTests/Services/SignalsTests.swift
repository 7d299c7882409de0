// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Foundation
internal import Testing

@Suite(.timeLimit(.minutes(1))) struct SignalsTests {
    @Test("Blocked signals come out of the stream on the loop, in the order they were sent")
    func stream() async throws {
        let loop = try Loop("signals")
        // Blocked on the loop's thread, and sent to that thread alone: the other threads of the test's process know nothing of it.
        loop.post { Signals.block() }
        let stream = try Signals.stream(on: loop)
        var signals = stream.makeAsyncIterator()
        for signal in [ProcessSignal.hangup, .terminate, .interrupt, .hangup] {
            loop.post { pthread_kill(pthread_self(), signal.rawValue) }
            #expect(await signals.next() == signal)
        }
        loop.stop()
        await loop.ended()
    }

    @Test("Writing to a closed pipe is an error after block, and ends nobody")
    func pipe() async throws {
        let loop = try Loop("signals")
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let (codes, continuation) = AsyncStream.makeStream(of: Int32.self)
        loop.post {
            Signals.block()
            continuation.yield(write(descriptor, "x", 1) == 1 ? 0 : errno)
        }
        #expect(await codes.first { _ in true } == EPIPE)
        loop.stop()
        await loop.ended()
    }

    @Test(
        "Exit statuses are those that a shell reports",
        arguments: [(.hangup, 129), (.interrupt, 130), (.terminate, 143)] as [(ProcessSignal, Int32)])
    func status(signal: ProcessSignal, status: Int32) {
        #expect(signal.exitStatus == status)
    }
}
