// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

extension MemoryBroker: Park {
    package func parked(in queue: String) async throws -> [ParkedGroup] {
        let letters = try parkedLetters(in: queue)
        return Dictionary(grouping: letters, by: \.passage.connection).compactMap { Self.group($0.key, $0.value) }
            .sorted { ($0.connection ?? "") < ($1.connection ?? "") }
    }

    package func parked(in queue: String, of connection: String?) async throws -> ParkedGroup? {
        let name = ConnectionName.plain(connection)
        return Self.group(name, try parkedLetters(in: queue).filter { $0.passage.connection == name })
    }

    package func unnoted(in queue: String) async throws -> Set<String> {
        Set(try parkedLetters(in: queue).compactMap(\.passage.connection))
    }

    package func resume(
        _ connection: String?, in queue: String, limit: Int, passing: Set<Int64>,
        _ judge: @escaping @Sendable ([Letter]) async throws -> [ParkVerdict]
    ) async throws -> ResumedPart {
        let name = ConnectionName.plain(connection)
        let all = try parkedLetters(in: queue).filter { $0.passage.connection == name && !passing.contains($0.tag) }
        let found = Array(all.prefix(limit))
        let verdicts = try await judge(found)
        var part = ResumedPart()
        for (letter, verdict) in zip(found, verdicts) {
            if verdict == .stay {
                part.stayed.insert(letter.tag)
            } else if try take(letter, into: verdict == .resume ? queue : nil) {
                if verdict == .resume { part.resumed += 1 } else { part.dropped += 1 }
            }
        }
        part.isAll = all.count == found.count
        distribute()
        return part
    }

    package func backlog(of queue: String) async throws -> Int { ready(in: queue) }

    private static func group(_ connection: String?, _ letters: [Letter]) -> ParkedGroup? {
        letters.min { $0.kept < $1.kept }.map {
            ParkedGroup(connection: connection, count: letters.count, oldest: $0.kept, reason: $0.passage.reason)
        }
    }
}
