// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Lanes port on a file. A lane is held by the session of its process, and ends with it.
package struct SQLiteLanes: Lanes {
    let file: SQLiteFile

    package init(_ file: SQLiteFile) {
        self.file = file
    }

    package func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
        try await file.write { try LaneTable.change(LaneRows(turn: $0), leaving: leaving, asking: asking) }
    }

    package func lost(among held: [HeldLane]) async throws -> [HeldLane] {
        try await file.write { turn in
            let rows = LaneRows(turn: turn)
            return try held.filter { try rows.holder(of: $0.lane)?.turn != $0.turn }
        }
    }
}
