// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// One connection: opened and closed by the SQLiteFile that owns it, used on its loop alone.
final class Database {
    let path: String
    private var handle: OpaquePointer?
    private var statements: [Statement] = []

    init(path: String, create: Bool) throws {
        self.path = path
        let flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            handle = nil
            throw SQLiteFailure.cannotOpen(path: path, message)
        }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 5000)
        // The last connection to close would run a checkpoint outside of the file's lock.
        flotilla_no_checkpoint_on_close(handle)
    }

    deinit {
        close()
    }

    func close() {
        for statement in statements { statement.finalize() }
        statements = []
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// A statement that lives as long as the connection.
    func prepare(_ sql: String) throws -> Statement {
        let statement = try make(sql, flags: UInt32(SQLITE_PREPARE_PERSISTENT))
        statements.append(statement)
        return statement
    }

    /// A statement for the time of `body`.
    func once<Value>(_ sql: String, _ body: (Statement) throws -> Value) throws -> Value {
        let statement = try make(sql, flags: 0)
        defer { statement.finalize() }
        return try body(statement)
    }

    private func make(_ sql: String, flags: UInt32) throws -> Statement {
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, flags, &pointer, nil)
        guard code == SQLITE_OK, let pointer else { throw failure(code) }
        return Statement(pointer, of: self)
    }

    /// One or more statements without results.
    func execute(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// The first column of the first row of a statement that is used once.
    func integer(_ sql: String) throws -> Int64? {
        try once(sql) { try $0.row { $0.integer(0) } }
    }

    var changes: Int64 { sqlite3_changes64(handle) }
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Calls `body` with the number of pages in the write-ahead log after each commit.
    func afterCommit(_ pages: WALPages) {
        sqlite3_wal_hook(
            handle,
            { context, _, _, count in
                if let context { Unmanaged<WALPages>.fromOpaque(context).takeUnretainedValue().count = Int(count) }
                return SQLITE_OK
            }, Unmanaged.passUnretained(pages).toOpaque())
    }

    /// Copies what it can into the file without waiting for anybody. Under the file's lock only.
    func checkpoint(truncate: Bool = false) throws {
        let code = sqlite3_wal_checkpoint_v2(handle, nil, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        // Busy: a reader still needs the old pages; the next checkpoint finds more.
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw failure(code) }
    }

    func failure(_ code: Int32) -> SQLiteFailure {
        SQLiteFailure(code: code, message: handle.map { String(cString: sqlite3_errmsg($0)) } ?? "closed", path: path)
    }
}

/// Where SQLite tells how long its log has become.
final class WALPages {
    var count = 0
}
