// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Letters as a person or a program reads them.
enum LetterText {
    static func table(_ rows: [[String]]) -> String {
        Terminal.table([["KEPT", "ID", "TYPE", "ATTEMPT", "CLASS", "REASON"]] + rows)
    }

    static func row(_ letter: Letter) -> [String] {
        let event = try? letter.content.get()
        return [
            letter.kept.description, event?.id ?? "-", event?.type ?? "-", String(letter.passage.attempt),
            letter.passage.failureClass ?? "-", letter.passage.reason ?? "-",
        ]
    }

    static func whole(_ letter: Letter) -> String {
        var lines: [(String, String?)] = [
            ("queue", letter.queue), ("kept", letter.kept.description), ("accepted", letter.accepted?.description),
            ("attempt", String(letter.passage.attempt)), ("generation", String(letter.passage.generation)),
            ("class", letter.passage.failureClass), ("reason", letter.passage.reason), ("origin", letter.passage.origin),
            ("first failed", letter.passage.firstFailedAt?.description), ("connection", letter.passage.connection),
        ]
        switch letter.content {
        case .success(let event):
            lines += [
                ("id", event.id), ("source", event.source), ("type", event.type), ("time", event.time?.description),
                ("subject", event.subject), ("content type", event.dataContentType),
            ]
            lines += event.extensions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            lines.append(("data", String(validating: event.data, as: UTF8.self) ?? "\(event.data.count) bytes that are not text"))
        case .failure(let fault):
            lines.append(("not an event", fault.description))
        }
        return lines.compactMap { name, value in
            value.map { name + String(repeating: " ", count: max(1, 14 - name.count)) + Terminal.plain($0) }
        }.joined(separator: "\n")
    }

    static func printJSON(_ letter: Letter, whole: Bool) {
        flotilla.printJSON { json in
            json.member("queue", letter.queue)
            json.member("kept", letter.kept.description)
            json.member("attempt", letter.passage.attempt)
            json.member("generation", letter.passage.generation)
            func optional(_ name: String, _ value: String?) { if let value { json.member(name, value) } }
            optional("accepted", letter.accepted?.description)
            optional("class", letter.passage.failureClass)
            optional("reason", letter.passage.reason)
            optional("origin", letter.passage.origin)
            optional("first_failed", letter.passage.firstFailedAt?.description)
            optional("connection", letter.passage.connection)
            switch letter.content {
            case .success(let event) where whole:
                json.key("event")
                json.raw(event.json)
            case .success(let event):
                json.member("id", event.id)
                json.member("source", event.source)
                json.member("type", event.type)
            case .failure(let fault):
                json.member("fault", fault.description)
            }
        }
    }
}
