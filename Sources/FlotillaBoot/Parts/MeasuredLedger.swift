// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaRuntime

/// The ledger as a worker sees it, with its metrics.
struct MeasuredLedger: Ledger {
    private let ledger: any Ledger
    private let claims: Histogram
    private let marks: Histogram
    private let renewals: Histogram

    init(_ ledger: any Ledger, metrics: MetricsRegistry) {
        self.ledger = ledger
        claims = metrics.histogram(MetricTable.ledgerSeconds, "claim")
        marks = metrics.histogram(MetricTable.ledgerSeconds, "mark")
        renewals = metrics.histogram(MetricTable.ledgerSeconds, "renew")
    }

    func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer {
        try await timed(claims) { try await ledger.claim(key, round: round, generation: generation, alone: alone) }
    }

    func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool {
        try await timed(marks) { try await ledger.mark(key, fence: fence, as: mark) }
    }

    func markDone(_ key: LedgerKey, generation: Int) async throws {
        try await timed(marks) { try await ledger.markDone(key, generation: generation) }
    }

    func lost(among held: [HeldClaim]) async throws -> [HeldClaim] {
        try await timed(renewals) { try await ledger.lost(among: held) }
    }

    func ailment() async -> String? { await ledger.ailment() }

    /// What failed is timed, too: a store that is away is slow.
    private func timed<Value>(_ histogram: Histogram, _ body: () async throws -> Value) async rethrows -> Value {
        let begin = MonotonicClock.now
        defer { histogram.observe(since: begin) }
        return try await body()
    }
}
