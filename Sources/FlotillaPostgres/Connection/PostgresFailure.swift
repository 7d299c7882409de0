// SPDX-License-Identifier: Apache-2.0

/// Why the server did not do what it was asked, in words that may be shown: they name tables and constraints, never values.
package struct PostgresFailure: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// It is away, or did not answer: whether it was done is not known.
        case away
        /// Nothing was done; by the server's own code (SQLSTATE).
        case refused(String)
        /// This program and the database do not fit together.
        case unfit
    }

    package let kind: Kind
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    static func away(_ why: String) -> PostgresFailure { PostgresFailure(.away, why) }
    static let leaseLost = PostgresFailure.away("the lease of this process has run out, and is being renewed")

    var code: String? {
        if case .refused(let code) = kind { code } else { nil }
    }

    /// Others were in the way, and nothing was done: it may be tried again at once.
    var isCollision: Bool { code.map { ["40P01", "40001", "26000", "42P05"].contains($0) } ?? false }
    /// The ledger has no partition for today.
    var isMissingPartition: Bool { code == "23514" }
    var isForbidden: Bool { code == "42501" }

    /// Of a statement. The server's message is shown where it can't hold what was sent.
    static func refused(_ code: String, _ message: String) -> PostgresFailure {
        if let words = words(for: code) { return PostgresFailure(.refused(code), words) }
        let isQuiet = ["22", "23", "P0"].contains { code.hasPrefix($0) }
        return PostgresFailure(
            .refused(code), isQuiet ? "the database refused it (\(code))" : "the database refused it: \(message) (\(code))")
    }

    /// What an operator can do something about.
    static func words(for code: String) -> String? {
        switch code {
        case "28P01", "28000": "the database refuses the user or the password"
        case "3D000": "there is no database of this name"
        case "53300": "the database has no connection left: raise max_connections, or run fewer processes"
        case "53100": "the database's disk is full"
        case "42501": "the database does not permit it to this user"
        case "25006": "the database is read-only"
        case "57P03": "the database is starting or stopping"
        case "57P01", "57P02": "the database ended the connection"
        case "57014": "the database did not finish in time"
        case "55P03": "the database waited for a lock for too long"
        case "40P01": "the database found a deadlock"
        default: nil
        }
    }
}
