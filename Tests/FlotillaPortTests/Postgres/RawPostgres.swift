// SPDX-License-Identifier: Apache-2.0

import CPostgres
import FlotillaPostgres
import FlotillaRuntime

/// Statements on a database past the adapter, on a connection for each.
enum RawPostgres {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// The rows of the last of them, as text.
    @discardableResult
    static func run(_ address: StoreAddress, _ statements: String) throws -> [[String?]] {
        let host = address.hosts[0]
        let connection = PQsetdbLogin(
            host.name, String(host.port), nil, nil, address.database, address.user, address.password?.expose())
        defer { PQfinish(connection) }
        guard PQstatus(connection) == CONNECTION_OK else { throw Refused(description: String(cString: PQerrorMessage(connection))) }
        flotilla_pg_ignore_notices(connection)
        let result = PQexec(connection, statements)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else {
            throw Refused(description: String(cString: PQerrorMessage(connection)))
        }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
    }
}

/// A connection of somebody else's, which keeps what it has locked. Ended by `end`, or with its last use.
///
/// Sendable because a test uses it from one task at a time.
final class RawSession: @unchecked Sendable {
    private var connection: OpaquePointer?

    init(_ address: StoreAddress) throws {
        let host = address.hosts[0]
        connection = PQsetdbLogin(
            host.name, String(host.port), nil, nil, address.database, address.user, address.password?.expose())
        guard PQstatus(connection) == CONNECTION_OK else {
            throw RawPostgres.Refused(description: String(cString: PQerrorMessage(connection)))
        }
    }

    deinit { end() }

    func end() {
        if let connection { PQfinish(connection) }
        connection = nil
    }

    func run(_ statements: String) throws {
        let result = PQexec(connection, statements)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else {
            throw RawPostgres.Refused(description: String(cString: PQerrorMessage(connection)))
        }
    }
}
