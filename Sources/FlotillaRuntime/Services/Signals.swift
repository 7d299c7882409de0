// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// The signals that a service of the fleet listens to.
package enum ProcessSignal: Int32, Sendable, CaseIterable {
    case hangup = 1
    case interrupt = 2
    case terminate = 15

    /// What a shell reports of a process that such a signal ended.
    package var exitStatus: Int32 { 128 + rawValue }
}

package enum Signals {
    /// Called by main before there is any other thread: threads inherit the mask, and a signal that one thread left unblocked would
    /// end the process there. From then on signals wait until `stream` takes them. Writing to a closed socket, or past
    /// a limit on the size of files, is an error, not a signal.
    package static func block() {
        var set = mask()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// The blocked signals as they come, until the stream is no longer wanted or the loop ends.
    package static func stream(on loop: Loop) throws(LoopFailure) -> AsyncStream<ProcessSignal> {
        var set = mask()
        let descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard descriptor >= 0 else { throw .system("signalfd", errno) }
        let (stream, continuation) = AsyncStream.makeStream(of: ProcessSignal.self, bufferingPolicy: .bufferingNewest(64))
        loop.post {
            let watch = try? loop.watch(descriptor, for: .readable) { _ in
                for signal in read(descriptor) { continuation.yield(signal) }
            }
            guard let watch else {
                close(descriptor)
                continuation.finish()
                return
            }
            continuation.onTermination = { _ in
                loop.post {
                    loop.cancel(watch)
                    close(descriptor)
                }
            }
        }
        return stream
    }

    private static func mask() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in ProcessSignal.allCases { sigaddset(&set, signal.rawValue) }
        return set
    }

    private static func read(_ descriptor: Int32) -> [ProcessSignal] {
        var signals: [ProcessSignal] = []
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while Glibc.read(descriptor, &info, size) == size {
            if let signal = ProcessSignal(rawValue: Int32(info.ssi_signo)) { signals.append(signal) }
        }
        return signals
    }
}
