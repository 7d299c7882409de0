// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// The file beside the database, by which its processes keep out of each other's way. Opened with the database, closed with it.
///
/// - Byte 1 is held through every commit and every checkpoint: SQLite before 3.51.3 can corrupt a log that several connections
///   write and checkpoint at once.
/// - Byte 0 is the queue before it: whoever waits for byte 1 holds byte 0, so that a process that commits without a pause can't
///   starve the others.
/// - Byte 1000 + n is held by session n for as long as its process lives: the kernel lets go of it when the process is killed.
///
/// Open-file-description locks: they belong to this opening of the file, not to the process.
final class FileLock {
    let descriptor: Int32
    private let gate: off_t = 0
    private let main: off_t = 1

    init(path: String) throws {
        descriptor = flotilla_open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw SQLiteFailure.cannotOpen(path: path, String(cString: strerror(errno))) }
    }

    deinit {
        close(descriptor)
    }

    func holding<Value>(_ body: () throws -> Value) throws -> Value {
        try lock(gate)
        do { try lock(main) } catch {
            unlock(gate)
            throw error
        }
        unlock(gate)
        defer { unlock(main) }
        return try body()
    }

    /// Held until this file is closed.
    func hold(session: Int64) -> Bool { flotilla_lock_byte(descriptor, 1000 + off_t(session), Int16(F_WRLCK), 0) == 0 }

    /// True when nobody holds that session's byte: its process is gone. Not for a session of this opening.
    func isGone(session: Int64) -> Bool {
        guard hold(session: session) else { return false }
        unlock(1000 + off_t(session))
        return true
    }

    /// False when the path names another file by now, or none: whoever comes next would lock that one, and be kept out by nobody.
    func isStill(at path: String) -> Bool {
        var mine = stat()
        var there = stat()
        return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev
    }

    func letGo(session: Int64) { unlock(1000 + off_t(session)) }

    private func lock(_ byte: off_t) throws {
        while flotilla_lock_byte(descriptor, byte, Int16(F_WRLCK), 1) != 0 {
            guard errno == EINTR else { throw SQLiteFailure.other(path: "lock", String(cString: strerror(errno))) }
        }
    }

    private func unlock(_ byte: off_t) { _ = flotilla_lock_byte(descriptor, byte, Int16(F_UNLCK), 0) }
}
