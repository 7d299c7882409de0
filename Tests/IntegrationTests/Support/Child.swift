// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestSupport

/// A process of a test: started by its Place, waited for by a thread of its own, ended by its id at the latest when the test ends.
final class Child: Sendable {
    enum Ending: Sendable, Equatable {
        case exited(Int32)
        case killed(by: Int32)
    }

    let pid: pid_t
    private let outputPath: String
    private let errorsPath: String
    private let ending = Mutex<Ending?>(nil)

    init(_ path: String, _ arguments: [String], environment: [String: String], folder: String, output: String, errors: String) throws {
        outputPath = output
        errorsPath = errors
        var variables = ["PATH": "/usr/bin:/bin", "HOME": folder, "SWIFT_BACKTRACE": "enable=no"]
        variables.merge(environment) { $1 }
        // Becomes the program, in the right folder: glibc's own way is not seen by Swift.
        let words = ["/usr/bin/env", "-C", folder, path] + arguments
        pid = try Self.spawn(words, variables.map { "\($0)=\($1)" }, output: output, errors: errors)
        Thread.detachNewThread { self.wait() }
    }

    var output: String { TextFile.read(outputPath) }
    var errors: String { TextFile.read(errorsPath) }
    var hasEnded: Ending? { ending.withLock { $0 } }

    /// Does nothing once it has ended: its id may be another's by then.
    func send(_ signal: Int32) {
        ending.withLock { if $0 == nil { kill(pid, signal) } }
    }

    /// How it ended. Fails the test when it has not by then.
    @discardableResult
    func end(within limit: Duration = .seconds(20)) async throws -> Ending {
        try await eventually("process \(pid) ends", within: limit) { self.hasEnded }
    }

    private func wait() {
        var info = siginfo_t()
        // Its id stays its own until it is reaped, and that is done under the lock.
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        ending.withLock { ending in
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            let signal = status & 0x7F
            ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(by: signal)
        }
    }

    private static func spawn(
        _ words: [String], _ variables: [String], output: String, errors: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // The signals of a test's thread are not those of a shell's child.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let argv = words.map { strdup($0) } + [nil]
        let envp = variables.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, words[0], &actions, &attributes, argv, envp)
        guard code == 0 else { throw CannotStart(program: words[0], reason: String(cString: strerror(code))) }
        return pid
    }

    struct CannotStart: Error {
        let program: String
        let reason: String
    }
}
