// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Synchronization

/// A handler that does nothing but count, and says when it has seen enough.
final class CountingDown: Handler {
    private let remaining: Atomic<Int>
    private let enough: @Sendable () -> Void

    init(from count: Int, isRepeatable: Bool = true, order: EventOrder = .exclusive, _ enough: @escaping @Sendable () -> Void) {
        remaining = Atomic(count)
        self.isRepeatable = isRepeatable
        self.order = order
        self.enough = enough
    }

    /// Whether it needs no claims.
    let isRepeatable: Bool
    let order: EventOrder

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        if remaining.subtract(1, ordering: .relaxed).newValue == 0 { enough() }
        return .done
    }
}

/// Remembers nothing: every claim is granted.
struct NoLedger: Ledger {
    func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer { .run(fence: 1) }
    func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool { true }
    func markDone(_ key: LedgerKey, generation: Int) async throws {}
    func lost(among held: [HeldClaim]) async throws -> [HeldClaim] { [] }
    func ailment() async -> String? { nil }
}
