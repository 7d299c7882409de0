// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Synchronization

/// The lanes that one worker is in, and which event runs in each. Asked for those that were lost, so that their handlers are cancelled: a
/// process that was paused for longer than its lease is taken for dead, and others have entered.
final class HeldLanes: Sendable {
    private struct Entry {
        let held: HeldLane
        var key: LedgerKey
        var isLost = false
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
            guard let entry = entries[lane], !entry.isLost else { return nil }
            entries[lane]?.key = key
            return entry.held
        }
    }

    /// Nil when it was lost.
    /// - Parameter turn: only what was entered under it: another task of this process may have entered since.
    func release(_ lane: LaneKey, only turn: Int64? = nil) -> HeldLane? {
        entries.withLock { entries in
            guard let entry = entries[lane], turn == nil || turn == entry.held.turn else { return nil }
            entries[lane] = nil
            return entry.isLost ? nil : entry.held
        }
    }

    /// Whose lane is lost: told again at each sweep until the lane is let go, since a run may begin between the question and the answer.
    func lost() async -> Set<LedgerKey> {
        let held = entries.withLock { $0.values.filter { !$0.isLost }.map(\.held) }
        // A store that is away is asked again at the next sweep.
        let lost = held.isEmpty ? [] : (try? await lanes.lost(among: held)) ?? []
        return entries.withLock { entries in
            for lane in lost where entries[lane.lane]?.held == lane { entries[lane.lane]?.isLost = true }
            return Set(entries.values.lazy.filter(\.isLost).map(\.key))
        }
    }
}
