// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import FlotillaModel
internal import Glibc

/// One opening of a log file: made by a sink, used on its loop alone, ended by `close` or with the last reference to it.
///
/// Processes that append to the same file exclude each other by a lock on it, held through each batch and each rotation. Locks of
/// the opening (not of the process) on two bytes far from the data's meaning: byte 1 is the lock, byte 0 the queue before it, so that
/// whoever appends without a pause can't starve the others. They need an opening for writing: a reader of the log can't stop it.
final class LogFile {
    typealias Trouble = FileSinkFailure.Trouble

    private let descriptor: Int32
    private let calls: FileCalls
    private var isOpen = true
    /// Where the last whole record ends; nil where that has to be looked at again.
    private var end: Int?
    private var begun: Timestamp?

    init(path: String, calls: FileCalls) throws(Trouble) {
        self.calls = calls
        let folder = Folder(of: path)
        if let code = folder.make() { throw .init(code) { .cannotMakeFolder($0) } }
        // Without O_NONBLOCK, a pipe or a terminal could keep the caller waiting.
        let flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let descriptor = flotilla_open(path, flags, 0o640)
        guard descriptor >= 0 else {
            switch errno {
            case ELOOP: throw .isALink
            case EISDIR: throw .notAFile
            default: throw .init(errno) { .cannotOpen($0) }
            }
        }
        // Now that everything has a value, deinit closes it if init throws.
        self.descriptor = descriptor
        guard let entry = Self.entry(of: descriptor), entry.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        // Also of a file that was there already: whoever made it may have been killed before this.
        if let code = folder.sync() { throw .init(code) { .cannotOpen($0) } }
    }

    deinit {
        close()
    }

    /// Lets go of its locks, too.
    func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(descriptor)
    }

    /// False when the file was rotated or removed since it was opened, by whomever.
    func isStill(at path: String) -> Bool {
        var there = stat()
        guard let here = Self.entry(of: descriptor), lstat(path, &there) == 0 else { return false }
        return here.st_dev == there.st_dev && here.st_ino == there.st_ino
    }

    // MARK: Locking

    /// Waits as long as another process takes for its batch.
    func lock() throws(Trouble) {
        try lock(byte: 0)
        defer { unlock(byte: 0) }
        try lock(byte: 1)
    }

    func unlock() {
        if isOpen { unlock(byte: 1) }
    }

    private func lock(byte: off_t) throws(Trouble) {
        while flotilla_lock_byte(descriptor, byte, Int16(F_WRLCK), 1) != 0 {
            guard errno == EINTR else { throw .cannotLock(errno) }
        }
    }

    private func unlock(byte: off_t) { _ = flotilla_lock_byte(descriptor, byte, Int16(F_UNLCK), 0) }

    // MARK: Under the lock

    /// How many bytes of whole records it holds. Where somebody else has written since, and at the first time, the file is looked at.
    func size() throws(Trouble) -> Int {
        guard let entry = Self.entry(of: descriptor) else { throw .cannotWrite(errno) }
        let size = Int(entry.st_size)
        guard size != end else { return size }
        end = size
        try endTornRecord()
        return end ?? size
    }

    /// Time since the first record was written, as far as the file tells: a file that holds records at opening says when it was
    /// made. (The time in its first line is the event's, which in a replay is long ago, and each restart would rotate; the time of
    /// the last change moves with each record, and a worker that restarts every day would never rotate. That is only taken where
    /// a file system keeps no time of birth.)
    func age(at now: Timestamp) -> Duration {
        guard end != 0 else { return .zero }
        let start = begun ?? birth() ?? now
        begun = start
        return now - start
    }

    /// All of it and on the disk, or none of it.
    func append(_ bytes: [UInt8], at now: Timestamp) throws(Trouble) {
        let size = try size()
        do throws(Trouble) {
            try write(bytes)
            // After a failed sync the kernel holds the pages to be clean: what was written is given up and written anew.
            guard calls.sync(descriptor) == 0 else { throw .init(errno) { .cannotSync($0) } }
        } catch {
            // If the cut fails as well, half a record is left, and the next batch puts a line break behind it.
            end = ftruncate(descriptor, off_t(size)) == 0 ? size : nil
            throw error
        }
        if size == 0 { begun = now }
        end = size + bytes.count
    }

    private func write(_ bytes: [UInt8]) throws(Trouble) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(Trouble) in
            var rest = UnsafeRawBufferPointer(buffer)
            while !rest.isEmpty {
                let count = calls.write(descriptor, rest)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw .init(count < 0 ? errno : EIO) { .cannotWrite($0) } }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }

    /// A process that was killed in the middle of a batch, or a loss of power, leaves half a record at the end. It was never
    /// acknowledged, so its event comes again; here it gets its line break, so that the next record has a line of its own.
    private func endTornRecord() throws(Trouble) {
        guard let size = end, size > 0 else { return }
        var last: UInt8 = 0
        guard pread(descriptor, &last, 1, off_t(size - 1)) == 1 else {
            end = nil
            throw .cannotWrite(errno)
        }
        guard last != 0x0A else { return }
        end = nil
        try write([0x0A])
        end = size + 1
    }

    private func birth() -> Timestamp? {
        var microseconds: Int64 = 0
        if flotilla_birth(descriptor, &microseconds) == 0 { return Timestamp(microseconds: microseconds) }
        return Self.entry(of: descriptor).map { Timestamp(microseconds: Int64($0.st_mtim.tv_sec) * 1_000_000) }
    }

    private static func entry(of descriptor: Int32) -> stat? {
        var entry = stat()
        return fstat(descriptor, &entry) == 0 ? entry : nil
    }
}
