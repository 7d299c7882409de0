// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import FlotillaEngine
internal import FlotillaModel

/// What one statement answered. Its memory is libpq's, and goes with it.
///
/// Sendable because a result is never changed once it is there.
final class Rows: RandomAccessCollection, @unchecked Sendable {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) {
        self.result = result
    }

    deinit {
        PQclear(result)
    }

    var startIndex: Int { 0 }
    var endIndex: Int { Int(PQntuples(result)) }
    subscript(_ index: Int) -> Row { Row(rows: self, index: Int32(index)) }

    /// How many rows a statement wrote that answers none.
    var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// What the server says that it did: `COMMIT`, `INSERT 0 1`.
    var tag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    fileprivate func value(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer? {
        guard row < PQntuples(result), column < PQnfields(result), PQgetisnull(result, row, column) == 0 else { return nil }
        return UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
    }
}

/// One row; columns from 0, in PostgreSQL's binary form.
struct Row {
    fileprivate let rows: Rows
    fileprivate let index: Int32

    func isNull(_ column: Int32) -> Bool { rows.value(index, column) == nil }

    /// Of any of the integer types, and of `bool`; 0 where there is none.
    func integer(_ column: Int32) -> Int64 { optionalInteger(column) ?? 0 }

    func optionalInteger(_ column: Int32) -> Int64? {
        guard let bytes = rows.value(index, column), let first = bytes.first, bytes.count <= 8 else { return nil }
        let sign: UInt64 = bytes.count > 1 && first >= 0x80 ? .max : 0
        return Int64(bitPattern: bytes.reduce(sign) { $0 << 8 | UInt64($1) })
    }

    func flag(_ column: Int32) -> Bool { integer(column) != 0 }

    func bytes(_ column: Int32) -> [UInt8] { rows.value(index, column).map(Array.init) ?? [] }

    func text(_ column: Int32) -> String? { rows.value(index, column).map { String(decoding: $0, as: UTF8.self) } }

    /// Of a `timestamptz`.
    func time(_ column: Int32) -> Timestamp? {
        optionalInteger(column).map { Timestamp(microseconds: $0.addingReportingOverflow(Timestamp.postgresEpoch).partialValue) }
    }

    func key(_ column: Int32) -> LedgerKey? { rows.value(index, column).flatMap { LedgerKey(stored: $0) } }
}
