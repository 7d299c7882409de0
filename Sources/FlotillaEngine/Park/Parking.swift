// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// What a worker, or a person with a command, needs to resume what is parked.
package struct Parking: Sendable {
    package let park: any Park
    package let consents: any Consents
    package let ledger: any LedgerInspection

    package init(park: any Park, consents: any Consents, ledger: any LedgerInspection) {
        self.park = park
        self.consents = consents
        self.ledger = ledger
    }

    /// Looks them up: see ParkTable.
    func judge(_ letters: [Letter], of queue: String) async throws -> [ParkVerdict] {
        // What is no event goes where it is buried.
        zip(letters, try await ledger.rows(of: letters, for: queue)).map { letter, row in
            ParkTable.verdict(row, generation: letter.passage.generation)
        }
    }
}
