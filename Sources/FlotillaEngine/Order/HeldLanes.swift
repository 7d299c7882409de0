// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Synchronization

/// The lanes that one worker is in, and which event runs in each. Asked for those that were lost, so that their handlers are cancelled: a
/// process that was paused for longer than its lease is taken for dead, and others have entered.
final class HeldLanes: Sendable {
    private struct Entry {
        let held: HeldLane
        var key: LedgerKey
    }

    private let lanes: any Lanes
    private let entries = Mutex<[LaneKey: Entry]>([:])

    init(_ lanes: any Lanes) {
        self.lanes = lanes
    }

    func hold(_ held: HeldLane, for key: LedgerKey) {
        entries.withLock { $0[held.lane] = Entry(held: held, key: key) }
    }

    /// The same lane, the next event. Nil when it was lost.
    func goOn(in lane: LaneKey, with key: LedgerKey) -> HeldLane? {
        entries.withLock { entries in
            entries[lane]?.key = key
            return entries[lane]?.held
        }
    }

    /// Nil when it was lost.
    func release(_ lane: LaneKey) -> HeldLane? {
        entries.withLock { $0.removeValue(forKey: lane)?.held }
    }

    /// Whose lane is lost. They are told once.
    func lost() async -> Set<LedgerKey> {
        let held = entries.withLock { $0.values.map(\.held) }
        // A store that is away is asked again at the next sweep.
        guard !held.isEmpty, let lost = try? await lanes.lost(among: held) else { return [] }
        return entries.withLock { entries in
            Set(
                lost.compactMap { lane in
                    guard entries[lane.lane]?.held == lane else { return nil }
                    return entries.removeValue(forKey: lane.lane)?.key
                })
        }
    }
}
