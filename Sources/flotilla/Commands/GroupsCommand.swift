// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate
internal import FlotillaRuntime

/// `flotilla dead groups`: what failed, and how often.
struct GroupsCommand: Command {
    static let name = "dead groups"
    static let summary = "dead letters counted by class, type and reason"
    static let help = """
        usage: flotilla dead groups QUEUE [filters] [--json]

        Counts the letters of a queue by the class of their failure, the event's type and the reason, in which numbers are left out; the
        largest group first. The filters are those of flotilla dead list.

          --json             one JSON line for each group

        Exit status: 0 done, 1 no letter matched.
        """

    private let queue: String
    private let filter: LetterFilter
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        filter = try LetterFilter(&arguments, now: SystemClock().now)
        json = arguments.flag("--json")
        queue = DeadLetters.queue(named: try arguments.word("the queue"))
    }

    func run() async throws -> ExitStatus {
        let groups = try await OperatorSession.with { try await count($0.broker) }
        if json {
            for group in groups { printJSON(group) }
        } else if groups.isEmpty {
            print("no letter in \(queue) matches")
        } else {
            let rows = groups.map { [String($0.count), $0.failureClass, $0.type, $0.oldest.description, $0.newest.description, $0.reason] }
            print(Terminal.table([["COUNT", "CLASS", "TYPE", "OLDEST", "NEWEST", "REASON"]] + rows))
        }
        return groups.isEmpty ? .no : .done
    }

    /// Page by page.
    private func count(_ broker: any BrokerInspection) async throws -> [LetterGroups.Group] {
        var groups = LetterGroups()
        var filter = filter
        while true {
            let page = try await broker.letters(in: queue, matching: filter, limit: 1000)
            for letter in page { groups.add(letter) }
            guard let last = page.last else { return groups.sorted }
            filter.after = last.place
        }
    }

    private func printJSON(_ group: LetterGroups.Group) {
        flotilla.printJSON { json in
            json.member("queue", queue)
            json.member("count", group.count)
            json.member("class", group.failureClass)
            json.member("type", group.type)
            json.member("reason", group.reason)
            json.member("oldest", group.oldest.description)
            json.member("newest", group.newest.description)
        }
    }
}
