// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

/// Writes what became of a claim, under its fence.
///
/// Sendable because it is handed over to the loop through the inbox, and from then on touched there alone.
final class MarkOperation: Operation, @unchecked Sendable {
    private let key: LedgerKey
    private let fence: Int64
    private let mark: LedgerMark
    private let continuation: CheckedContinuation<Bool, any Error>
    private var written = false

    init(_ key: LedgerKey, fence: Int64, _ mark: LedgerMark, _ continuation: CheckedContinuation<Bool, any Error>) {
        self.key = key
        self.fence = fence
        self.mark = mark
        self.continuation = continuation
    }

    func perform(in turn: Turn) throws {
        written = false
        guard let held = try LedgerRows.end(key, fence: fence, in: turn),
            let row = LedgerTable.mark(held.row, fence: fence, as: mark)
        else { return }
        try LedgerRows.settle(row, for: key, claimed: held.claimed, in: turn)
        written = true
    }

    func finish(_ failure: (any Error)?) {
        if let failure { continuation.resume(throwing: failure) } else { continuation.resume(returning: written) }
    }
}
