// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Before SQLite sees a path: its folder is made, a new file is readable by its owner alone, and a file that can't be a database
/// is refused without anything being written beside it.
enum FilePreparation {
    private static let magic = Array("SQLite format 3\0".utf8)

    static func prepare(_ path: String, create: Bool) throws {
        if create { try makeFolder(of: path) }
        let descriptor = flotilla_open(path, O_RDWR | (create ? O_CREAT : 0), 0o600)
        guard descriptor >= 0 else { throw SQLiteFailure.cannotOpen(path: path, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var head = [UInt8](repeating: 0, count: 18)
        let count = read(descriptor, &head, head.count)
        guard count >= 0 else { throw SQLiteFailure.cannotOpen(path: path, String(cString: strerror(errno))) }
        guard count == 0 || head.prefix(count).starts(with: magic) else { throw SQLiteFailure.notADatabase(path: path) }
        // SQLite takes a file that is shorter than its first page for an empty one, and would begin anew in it.
        let page = max(512, off_t(head[16]) << 8 | off_t(head[17]))
        guard count == 0 || lseek(descriptor, 0, SEEK_END) >= page else { throw SQLiteFailure.corrupt(path: path) }
    }

    private static func makeFolder(of path: String) throws {
        guard let last = path.lastIndex(of: "/"), last != path.startIndex else { return }
        var folder = ""
        for part in path[..<last].split(separator: "/", omittingEmptySubsequences: false) {
            folder += folder.isEmpty && part.isEmpty ? "/" : (folder.isEmpty || folder.hasSuffix("/") ? "" : "/") + part
            guard folder != "/" else { continue }
            if mkdir(folder, 0o750) != 0, errno != EEXIST {
                throw SQLiteFailure.cannotOpen(path: path, "its folder can't be made: \(String(cString: strerror(errno)))")
            }
        }
    }
}
