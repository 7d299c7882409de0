// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import FlotillaRuntime
internal import Glibc

/// Tells the other processes of a file that there is something to fetch: whoever commits deliveries writes one byte into the lock
/// file, and the kernel tells everybody who watches it. No process polls.
final class Doorbell {
    private let inotify: Int32
    private var stopped = false
    private let descriptor: Int32
    private var watch: Watch?
    private let loop: Loop

    init(path: String, descriptor: Int32, loop: Loop) throws {
        self.descriptor = descriptor
        self.loop = loop
        inotify = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard inotify >= 0 else {
            // Its text speaks of open files alone, and sends the operator after the wrong limit.
            let instances = errno == EMFILE ? ", or this user's inotify instances are used up (fs.inotify.max_user_instances)" : ""
            throw SQLiteFailure.cannotOpen(path: path, String(cString: strerror(errno)) + instances)
        }
        guard inotify_add_watch(inotify, path, UInt32(IN_MODIFY)) >= 0 else {
            let why = String(cString: strerror(errno))
            close(inotify)
            throw SQLiteFailure.cannotOpen(path: path, why)
        }
    }

    /// On the loop.
    func listen(_ answer: @escaping () -> Void) throws {
        watch = try loop.watch(inotify, for: .readable) { [inotify] _ in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while read(inotify, &buffer, buffer.count) > 0 {}
            answer()
        }
    }

    func ring() {
        var byte: UInt8 = 1
        _ = pwrite(descriptor, &byte, 1, 0)
    }

    /// On the loop, once.
    func stop() {
        if let watch { loop.cancel(watch) }
        watch = nil
        stopped = true
        close(inotify)
    }

    deinit {
        // A file whose opening failed later on was never closed.
        if !stopped { close(inotify) }
    }
}
