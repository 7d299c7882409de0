// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import Glibc

/// One libpq connection, from its first packet to its last: connected by `poll`, then asked one list of calls after the other in pipeline
/// mode. Nothing here blocks. Used on its Line's loop alone.
///
/// What is sent together is a transaction by itself: the server ends it at the synchronisation point behind it, or undoes all of it when
/// one of its statements fails; unless it begins one explicitly.
final class Link {
    enum Step {
        case reading, writing, connected
        case failed(String)
    }

    private enum Awaited {
        case preparation(String)
        case answer
    }

    private var connection: OpaquePointer?
    /// What this connection has prepared, or is about to.
    private var prepared: Set<String> = []
    private var awaited: [Awaited] = []
    private var answered = 0
    private var rows: [Rows] = []
    private var failure: PostgresFailure?

    init(_ words: [(String, String)]) throws(PostgresFailure) {
        var copies: [UnsafeMutablePointer<CChar>?] = []
        defer { for copy in copies { free(copy) } }
        func copied(_ texts: [String]) -> [UnsafePointer<CChar>?] {
            texts.map { text in
                let copy = strdup(text)
                copies.append(copy)
                return UnsafePointer(copy)
            } + [nil]
        }
        connection = PQconnectStartParams(copied(words.map(\.0)), copied(words.map(\.1)), 0)
        guard let connection else { throw .away("there is no memory for a connection") }
        flotilla_pg_ignore_notices(connection)
        // By the server's own code: its words may be of any language.
        PQsetErrorVerbosity(connection, PQERRORS_SQLSTATE)
        guard PQstatus(connection) != CONNECTION_BAD else {
            let why = message
            close()
            throw .away(why)
        }
    }

    deinit {
        if let connection { PQfinish(connection) }
    }

    func close() {
        if let connection { PQfinish(connection) }
        connection = nil
    }

    var descriptor: Int32 { connection.map { PQsocket($0) } ?? -1 }
    var serverVersion: Int { connection.map { Int(PQserverVersion($0)) } ?? 0 }
    /// Within a transaction that was begun explicitly.
    var isInTransaction: Bool { connection.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false }

    // MARK: Connecting

    func poll() -> Step {
        guard let connection else { return .failed("the connection is closed") }
        switch PQconnectPoll(connection) {
        case PGRES_POLLING_READING: return .reading
        case PGRES_POLLING_WRITING: return .writing
        case PGRES_POLLING_OK:
            let works = PQsetnonblocking(connection, 1) == 0 && PQenterPipelineMode(connection) == 1
            return works ? .connected : .failed(message)
        default: return .failed(message)
        }
    }

    // MARK: Asking

    /// Everything as one list; its answer comes by `receive`, before anything else is sent.
    func send(_ calls: [Call]) throws(PostgresFailure) {
        guard let connection else { throw .away("the connection is closed") }
        (awaited, answered, rows, failure) = ([], 0, [], nil)
        for call in calls {
            let name = call.query.name
            if name.isEmpty || !prepared.contains(name) {
                guard PQsendPrepare(connection, name, call.query.sql, 0, nil) == 1 else { throw .away(message) }
                if !name.isEmpty { prepared.insert(name) }
                awaited.append(.preparation(name))
            }
            guard Self.run(call, on: connection) == 1 else { throw .away(message) }
            awaited.append(.answer)
        }
        guard PQpipelineSync(connection) == 1 else { throw .away(message) }
    }

    private static func run(_ call: Call, on connection: OpaquePointer) -> Int32 {
        let count = call.parameters.count
        guard count > 0 else { return PQsendQueryPrepared(connection, call.query.name, 0, nil, nil, nil, 1) }
        // An empty value is not NULL: its pointer must be one.
        let all = Array(call.parameters.compactMap(\.bytes).joined()) + [0]
        var offset = 0
        let formats = [Int32](repeating: 1, count: count)
        let lengths = call.parameters.map { Int32($0.bytes?.count ?? 0) }
        return all.withUnsafeBytes { all in
            let base = all.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = call.parameters.map { parameter -> UnsafePointer<CChar>? in
                guard let bytes = parameter.bytes else { return nil }
                defer { offset += bytes.count }
                return base.map { $0 + offset }
            }
            return PQsendQueryPrepared(connection, call.query.name, Int32(count), values, lengths, formats, 1)
        }
    }

    /// True when there is more to write than the socket takes now.
    func flush() throws(PostgresFailure) -> Bool {
        guard let connection else { throw .away("the connection is closed") }
        let status = PQflush(connection)
        guard status >= 0 else { throw .away(message) }
        return status > 0
    }

    func consume() throws(PostgresFailure) {
        guard let connection else { throw .away("the connection is closed") }
        guard PQconsumeInput(connection) == 1 else { throw .away(message) }
    }

    /// The answer to what was sent last, as far as it has come as a whole. Thrown is what ends the connection.
    func receive() throws(PostgresFailure) -> Result<[Rows], PostgresFailure>? {
        guard let connection else { throw .away("the connection is closed") }
        while PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                guard answered < awaited.count else { return nil }
                answered += 1
                continue
            }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                let found = rows
                rows = []
                if let failure { return .failure(failure) }
                return .success(found)
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                if answered < awaited.count, case .answer = awaited[answered] {
                    rows.append(Rows(result))
                } else {
                    PQclear(result)
                }
            default:
                try note(result)
            }
        }
        guard PQstatus(connection) != CONNECTION_BAD else { throw .away(message) }
        return nil
    }

    /// Of a statement that failed, and of those behind it, which the server left out.
    private func note(_ result: OpaquePointer) throws(PostgresFailure) {
        defer { PQclear(result) }
        let code = Self.field(flotilla_pg_sqlstate, of: result) ?? ""
        let preparation: String? =
            if answered < awaited.count, case .preparation(let name) = awaited[answered] { name } else { nil }
        if let preparation, code != "42P05" { prepared.remove(preparation) }
        guard PQresultStatus(result) != PGRES_PIPELINE_ABORTED else { return }
        // Something between forgot what was prepared.
        if code == "26000" { prepared = [] }
        let severity = Self.field(flotilla_pg_severity, of: result) ?? ""
        // What was prepared no longer fits the tables: it is prepared again on a new connection.
        let isOutdated = code == "0A000" && preparation == nil
        guard !code.isEmpty, severity == "ERROR", !isOutdated else {
            // The connection ends, perhaps behind a commit.
            throw .away(PostgresFailure.words(for: code) ?? (code.isEmpty ? message : "the database ended the connection (\(code))"))
        }
        if failure == nil { failure = .refused(code, Self.field(flotilla_pg_message, of: result) ?? "") }
    }

    private static func field(_ which: Int32, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, which).map { String(cString: $0) }
    }

    /// Why connecting or the connection failed. Of libpq's text what names the server and the user is left out.
    private var message: String {
        let text = connection.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? ""
        return Self.words(text)
    }

    static func words(_ text: String) -> String {
        // What explains a message is indented.
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("\t") }
        guard var line = lines.last else { return "the connection ended" }
        while let end = line.range(of: " failed: ") { line = line[end.upperBound...] }
        guard line.hasPrefix("FATAL:") || line.hasPrefix("ERROR:") else { return String(line.prefix(300)) }
        let code = String(line.suffix(5))
        return PostgresFailure.words(for: code) ?? "the database refuses the connection (\(code))"
    }
}

extension Substring {
    /// The standard library finds single characters only, and Foundation is not linked for this.
    fileprivate func range(of part: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
