// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel

/// Many rows of a ledger at once, spread over all of its keys as hashes are.
extension Tampering {
    static func addLedgerRows(_ path: String, _ count: Int64, state: LedgerState, at: Timestamp) throws {
        try run(
            path,
            """
            WITH RECURSIVE row (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM row WHERE number < \(count))
            INSERT INTO ledger SELECT randomblob(16), \(state.rawValue), 1, 0, 0, 1, \(at.milliseconds), \(at.milliseconds) FROM row
            """)
    }

    static func ledgerRows(_ path: String, _ state: LedgerState) throws -> Int64 {
        try integer(path, "SELECT count(*) FROM ledger WHERE state = \(state.rawValue)")
    }
}
