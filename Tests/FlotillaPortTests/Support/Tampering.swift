// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// Statements on a file past the adapter, as no process of ours would make them.
enum Tampering {
    struct Refused: Error {
        let message: String
    }

    static func run(_ path: String, _ statements: String...) throws {
        try connected(path) { connection in
            for statement in statements {
                guard sqlite3_exec(connection, statement, nil, nil, nil) == SQLITE_OK else {
                    throw Refused(message: String(cString: sqlite3_errmsg(connection)))
                }
            }
        }
    }

    static func integer(_ path: String, _ query: String) throws -> Int64 {
        try connected(path) { connection in
            var statement: OpaquePointer?
            defer { sqlite3_finalize(statement) }
            guard sqlite3_prepare_v2(connection, query, -1, &statement, nil) == SQLITE_OK, sqlite3_step(statement) == SQLITE_ROW else {
                throw Refused(message: String(cString: sqlite3_errmsg(connection)))
            }
            return sqlite3_column_int64(statement, 0)
        }
    }

    private static func connected<Value>(_ path: String, _ body: (OpaquePointer?) throws -> Value) throws -> Value {
        var connection: OpaquePointer?
        defer { sqlite3_close_v2(connection) }
        guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil) == SQLITE_OK else {
            throw Refused(message: "can't open \(path)")
        }
        sqlite3_busy_timeout(connection, 5000)
        flotilla_no_checkpoint_on_close(connection)
        return try body(connection)
    }
}
