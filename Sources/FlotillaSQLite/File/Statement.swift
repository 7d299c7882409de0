// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// One prepared statement. `run` and `row` leave it reset, so that it never keeps a read transaction open.
final class Statement {
    private var pointer: OpaquePointer?
    private unowned let database: Database

    init(_ pointer: OpaquePointer, of database: Database) {
        self.pointer = pointer
        self.database = database
    }

    func finalize() {
        sqlite3_finalize(pointer)
        pointer = nil
    }

    // MARK: Binding, from 1

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(pointer, index, value) }
    func bind(_ index: Int32, _ value: Int) { sqlite3_bind_int64(pointer, index, Int64(value)) }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { sqlite3_bind_null(pointer, index) }
    }

    func bind(_ index: Int32, _ value: String) {
        let bound: Void? = value.utf8.withContiguousStorageIfAvailable { text in
            text.withMemoryRebound(to: CChar.self) { _ = flotilla_bind_text(pointer, index, $0.baseAddress, Int32(clamping: $0.count)) }
        }
        if bound == nil { _ = flotilla_bind_text(pointer, index, value, Int32(clamping: value.utf8.count)) }
    }

    func bind(_ index: Int32, _ value: String?) {
        if let value { bind(index, value) } else { sqlite3_bind_null(pointer, index) }
    }

    func bind(_ index: Int32, _ value: [UInt8]) { value.withUnsafeBytes { bind(index, $0) } }

    func bind(_ index: Int32, _ value: UnsafeRawBufferPointer) {
        _ = flotilla_bind_blob(pointer, index, value.baseAddress, Int32(clamping: value.count))
    }

    // MARK: Running

    /// True while there is a row. Follow with `reset`.
    func step() throws -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let failure = database.failure(code)
            sqlite3_reset(pointer)
            throw failure
        }
    }

    func reset() { sqlite3_reset(pointer) }

    func run() throws {
        defer { reset() }
        while try step() {}
    }

    /// What `read` makes of the first row.
    func row<Value>(_ read: (Statement) throws -> Value) throws -> Value? {
        defer { reset() }
        return try step() ? read(self) : nil
    }

    /// What `read` makes of each row.
    func rows<Value>(_ read: (Statement) throws -> Value) throws -> [Value] {
        defer { reset() }
        var values: [Value] = []
        while try step() { values.append(try read(self)) }
        return values
    }

    // MARK: Columns, from 0

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(pointer, column) == SQLITE_NULL }
    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    func text(_ column: Int32) -> String? {
        guard let text = sqlite3_column_text(pointer, column) else { return nil }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let blob = sqlite3_column_blob(pointer, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: blob, count: Int(sqlite3_column_bytes(pointer, column))))
    }
}
