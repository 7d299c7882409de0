// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Synchronization

/// The claims that callers of this process were given and have not marked yet, by their fences.
///
/// A claim can be the session's in the database and nobody's here: its answer was lost with a connection behind the commit. Whoever asks
/// for it next gets it; those that are here are busy.
final class Holdings: Sendable {
    private let fences = Mutex<[LedgerKey: Int64]>([:])

    func holds(_ key: LedgerKey, fence: Int64) -> Bool { fences.withLock { $0[key] == fence } }

    func add(_ key: LedgerKey, fence: Int64) { fences.withLock { $0[key] = fence } }

    func remove(_ key: LedgerKey, fence: Int64) {
        fences.withLock { if $0[key] == fence { $0[key] = nil } }
    }

    func remove(_ key: LedgerKey) { fences.withLock { $0[key] = nil } }
}
