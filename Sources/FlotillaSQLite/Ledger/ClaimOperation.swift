// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Sendable because it is handed over to the loop through the inbox, and from then on touched there alone.
final class ClaimOperation: Operation, @unchecked Sendable {
    private let key: LedgerKey
    private let round: Int
    private let generation: Int
    private let alone: Bool
    private let continuation: CheckedContinuation<ClaimAnswer, any Error>
    private var answer = ClaimAnswer.superseded

    init(_ key: LedgerKey, round: Int, generation: Int, alone: Bool, _ continuation: CheckedContinuation<ClaimAnswer, any Error>) {
        self.key = key
        self.round = round
        self.generation = generation
        self.alone = alone
        self.continuation = continuation
    }

    func perform(in turn: Turn) throws {
        // Nearly always it is the first time: then this is all.
        let first = turn.statements.claimNew
        key.withBytes { first.bind(1, $0) }
        first.bind(2, round)
        first.bind(3, generation)
        first.bind(4, turn.session)
        first.bind(5, turn.now.milliseconds)
        try first.run()
        if turn.database.changes == 1 {
            answer = .run(fence: 1)
            return
        }
        guard let stored = try LedgerRows.find(key, in: turn) else {
            throw SQLiteFailure.other(path: turn.database.path, "a row of the ledger is there and is not")
        }
        let heldUntil = try LedgerRows.heldUntil(stored, in: turn)
        let decision = LedgerTable.claim(stored.row, round: round, generation: generation, alone: alone, heldUntil: heldUntil)
        if let row = decision.write { try LedgerRows.write(row, for: key, replacing: stored, in: turn) }
        answer = decision.answer
    }

    func finish(_ failure: (any Error)?) {
        if let failure { continuation.resume(throwing: failure) } else { continuation.resume(returning: answer) }
    }
}
