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

    /// Looks each of them up: see ParkTable.
    func judge(_ letters: [Letter], of queue: String) async throws -> [ParkVerdict] {
        var verdicts: [ParkVerdict] = []
        verdicts.reserveCapacity(letters.count)
        for letter in letters {
            // What is no event goes where it is buried.
            guard case .success(let event) = letter.content else {
                verdicts.append(.resume)
                continue
            }
            let key = try LedgerKey(consumer: queue, source: event.source, id: event.id)
            verdicts.append(ParkTable.verdict(try await ledger.entry(for: key)?.row, generation: letter.passage.generation))
        }
        return verdicts
    }
}
