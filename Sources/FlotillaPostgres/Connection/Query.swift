// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// One statement, prepared by each connection when it first needs it. Its parameters have types by casts: `$1::int8`.
struct Query: Sendable {
    let name: String
    let sql: String

    init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }

    func callAsFunction(_ parameters: Parameter...) -> Call { Call(query: self, parameters: parameters) }

    static let begin = Query("begin", "BEGIN")
    static let commit = Query("commit", "COMMIT")
    static let rollback = Query("rollback", "ROLLBACK")
}

/// A statement and what it is run with.
struct Call: Sendable {
    let query: Query
    let parameters: [Parameter]
}

/// One value for a `$n`, in PostgreSQL's binary form.
struct Parameter: Sendable {
    /// Nil: NULL.
    let bytes: [UInt8]?

    private init(_ bytes: [UInt8]?) {
        self.bytes = bytes
    }

    static let null = Parameter(nil)
    /// As `int8`.
    static func integer(_ value: Int64) -> Parameter { Parameter(Self.big(value)) }
    static func integer(_ value: Int) -> Parameter { Parameter(Self.big(Int64(value))) }
    static func flag(_ value: Bool) -> Parameter { Parameter([value ? 1 : 0]) }
    static func bytes(_ value: [UInt8]) -> Parameter { Parameter(value) }
    static func key(_ key: LedgerKey) -> Parameter { Parameter(key.bytes) }
    /// As `text`, which can hold everything but a NUL.
    static func text(_ value: String) -> Parameter { Parameter(Self.plain(value)) }
    /// As `timestamptz`.
    static func time(_ value: Timestamp) -> Parameter {
        Parameter(Self.big(value.microseconds.subtractingReportingOverflow(Timestamp.postgresEpoch).partialValue))
    }
    static func time(orNull value: Timestamp?) -> Parameter { value.map { .time($0) } ?? .null }

    /// As `int8[]`.
    static func integers(_ values: some Collection<Int64>) -> Parameter { array(of: 20, values) { Self.append($0, to: &$1) } }
    static func integers(_ values: some Collection<Int>) -> Parameter { array(of: 20, values) { Self.append(Int64($0), to: &$1) } }
    /// As `bytea[]`.
    static func keys(_ values: some Collection<LedgerKey>) -> Parameter {
        array(of: 17, values) { key, bytes in key.withBytes { bytes.append(contentsOf: $0) } }
    }
    /// As `text[]`.
    static func texts(_ values: some Collection<String>) -> Parameter { array(of: 25, values) { $1.append(contentsOf: Self.plain($0)) } }

    static func optionalIntegers(_ values: [Int?]) -> Parameter {
        array(of: 20, values, isNull: { $0 == nil }) { Self.append(Int64($0 ?? 0), to: &$1) }
    }

    private static func array<Element>(
        of type: UInt32, _ values: some Collection<Element>, isNull: (Element) -> Bool = { _ in false },
        _ put: (Element, inout [UInt8]) -> Void
    ) -> Parameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.count * 24)
        append(Int32(values.isEmpty ? 0 : 1), to: &bytes)
        append(Int32(values.contains(where: isNull) ? 1 : 0), to: &bytes)
        append(type, to: &bytes)
        guard !values.isEmpty else { return Parameter(bytes) }
        append(Int32(values.count), to: &bytes)
        append(Int32(1), to: &bytes)
        for value in values {
            let start = bytes.count
            guard !isNull(value) else {
                append(Int32(-1), to: &bytes)
                continue
            }
            append(Int32(0), to: &bytes)
            put(value, &bytes)
            let length = UInt32(bytes.count - start - 4)
            for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(index))) }
        }
        return Parameter(bytes)
    }

    private static func big(_ value: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func plain(_ text: String) -> [UInt8] {
        text.utf8.contains(0) ? text.utf8.flatMap { $0 == 0 ? Array("\u{FFFD}".utf8) : [$0] } : Array(text.utf8)
    }
}

extension Timestamp {
    /// 2000-01-01T00:00:00Z, from which the server counts.
    static let postgresEpoch: Int64 = 946_684_800_000_000
}
