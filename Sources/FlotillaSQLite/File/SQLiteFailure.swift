// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// What is wrong with a file. Names the file, never what is in it.
package enum SQLiteFailure: Error, Equatable, CustomStringConvertible {
    case cannotOpen(path: String, String)
    case notADatabase(path: String)
    case foreign(path: String)
    case newer(path: String, version: Int64)
    case corrupt(path: String)
    case full(path: String)
    case busy(path: String)
    /// Removed or replaced while it was open.
    case replaced(path: String)
    /// The disk itself failed.
    case disk(path: String, String)
    case other(path: String, String)
    case closed(path: String)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let why): "the file \(path) can't be opened: \(why)"
        case .notADatabase(let path):
            "the file \(path) is not a database of Flotilla's; it was left as it is: name another file, or move it away"
        case .foreign(let path): "the file \(path) is another program's database; it was left as it is: name another file"
        case .newer(let path, let version): "the file \(path) was written by a newer version of Flotilla (its schema is \(version))"
        case .corrupt(let path): "the file \(path) is damaged: stop every process that uses it, and restore it or move it away"
        case .full(let path): "there is no space for the file \(path)"
        case .busy(let path): "the file \(path) is locked by another program"
        case .replaced(let path): "the file \(path), or the lock beside it, was removed or replaced while it was in use: start again"
        case .disk(let path, let message): "the file \(path) can't be read or written: \(message)"
        case .other(let path, let message): "the file \(path): \(message)"
        case .closed(let path): "the file \(path) is closed"
        }
    }

    /// From SQLite's result code. Its message names tables and constraints, never values.
    init(code: Int32, message: String, path: String) {
        self =
            switch code & 0xFF {
            case SQLITE_NOTADB: .notADatabase(path: path)
            case SQLITE_CORRUPT: .corrupt(path: path)
            case SQLITE_FULL: .full(path: path)
            case SQLITE_IOERR: .disk(path: path, message)
            case SQLITE_BUSY, SQLITE_LOCKED: .busy(path: path)
            case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .cannotOpen(path: path, message)
            default: .other(path: path, message)
            }
    }

    /// Trouble with the file itself, not with one statement: no other operation of the same turn would fare better.
    var concernsFile: Bool {
        if case .other = self { false } else { true }
    }
}
