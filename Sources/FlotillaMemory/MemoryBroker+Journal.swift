// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

extension MemoryBroker: JournalInspection {
    package func journalEnd() async throws -> JournalPlace? {
        let (entries, first) = journal(behind: 0)
        return entries.isEmpty ? nil : JournalPlace(number: first + Int64(entries.count))
    }

    package func journalBegin() async throws -> JournalBegin? {
        let (entries, first) = journal(behind: 0)
        return entries.first.map { JournalBegin(accepted: $0.accepted, isCut: first > 0) }
    }

    package func journalPart(behind start: JournalPlace?, upTo end: JournalPlace, since: Timestamp?) async throws -> JournalPart {
        let (entries, first) = journal(behind: start?.number ?? 0)
        let wanted = entries.prefix(max(0, Int(clamping: end.number - first)))
        var part = JournalPart()
        part.entries = Array(wanted.prefix(JournalPart.entryLimit))
        if wanted.count > part.entries.count { part.next = JournalPlace(number: first + Int64(part.entries.count)) }
        return part
    }
}
