// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Ledger port on a file. A claim is held by the session of its process, and ends with it.
package struct SQLiteLedger: Ledger {
    let file: SQLiteFile

    package init(_ file: SQLiteFile) {
        self.file = file
    }

    package func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer {
        try await withCheckedThrowingContinuation { continuation in
            file.submit(
                ClaimOperation(key, round: round, generation: generation, alone: alone, continuation))
        }
    }

    package func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool {
        try await withCheckedThrowingContinuation { file.submit(MarkOperation(key, fence: fence, mark, $0)) }
    }

    package func markDone(_ key: LedgerKey, generation: Int) async throws {
        try await file.write { turn in
            let stored = try LedgerRows.find(key, in: turn)
            try LedgerRows.write(LedgerTable.markDone(stored?.row, generation: generation), for: key, replacing: stored, in: turn)
        }
    }

    package func lost(among held: [HeldClaim]) async throws -> [HeldClaim] {
        try await file.write { turn in
            try held.filter { claim in
                guard let stored = try LedgerRows.find(claim.key, in: turn) else { return true }
                return stored.row.state != .claimed || stored.row.fence != claim.fence
            }
        }
    }

    package func ailment() async -> String? {
        await file.ailment()
    }
}
