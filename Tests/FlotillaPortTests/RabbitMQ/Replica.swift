// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// One of several crash workers, started again whenever it ends, as its platform would: from `init` to `stop`.
final class Replica: Sendable {
    private struct State {
        var process: Process?
        var crashes = 0
        var stopped = false
    }

    private let orders: [String]
    private let state = Mutex(State())

    init(_ orders: [String]) throws {
        self.orders = orders
        try begin()
    }

    var crashes: Int { state.withLock { $0.crashes } }

    private func begin() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(
            "CrashWorker")
        process.arguments = orders
        process.environment = Started.environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.terminationHandler = { [weak self] _ in self?.ended() }
        try state.withLock { state in
            guard !state.stopped else { return }
            try process.run()
            state.process = process
        }
    }

    private func ended() {
        let goesOn = state.withLock { state in
            if !state.stopped { state.crashes += 1 }
            return !state.stopped
        }
        if goesOn { try? begin() }
    }

    /// To the process that runs now.
    func send(_ signal: Int32) {
        state.withLock { state in
            if let process = state.process, process.isRunning { kill(process.processIdentifier, signal) }
        }
    }

    func stop() {
        state.withLock { state in
            state.stopped = true
            if let process = state.process, process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
    }
}
