// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// The rarer part of a passage as one column: a line for each field. Neither names nor values hold a line break.
enum PassageText {
    static func encode(_ passage: Passage) -> String? {
        let fields: [(String, String?)] = [
            ("first-failed-at", passage.firstFailedAt.map { String($0.microseconds) }), ("origin", passage.origin),
            ("class", passage.failureClass), ("reason", passage.reason), ("connection", passage.connection),
            ("replayed-from", passage.replayedFrom), ("deferrals", passage.deferrals == 0 ? nil : String(passage.deferrals)),
        ]
        let lines = fields.compactMap { name, value in value.map { "\(name)=\(LineText.flat($0))" } }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    private static func bounded(_ number: Int64) -> Int { Int(min(max(number, 0), 1 << 40)) }

    static func decode(_ text: String?, attempt: Int64, generation: Int64) -> Passage {
        // A damaged row must not make a number that can't be added to.
        var passage = Passage(attempt: bounded(attempt), generation: bounded(generation))
        for (name, value) in LineText.fields(text) {
            switch name {
            case "first-failed-at": passage.firstFailedAt = Int64(value).map { Timestamp(microseconds: $0) }
            case "origin": passage.origin = value
            case "class": passage.failureClass = value
            case "reason": passage.set(reason: value)
            case "connection": passage.set(connection: value)
            case "replayed-from": passage.replayedFrom = value
            case "deferrals": passage.deferrals = bounded(Int64(value) ?? 0)
            default: break
            }
        }
        return passage
    }
}

/// Lines of `name=value`.
enum LineText {
    static func flat(_ value: String) -> String {
        value.utf8.contains { $0 < 0x20 } ? String(value.map { $0.isNewline ? " " : $0 }) : value
    }

    static func fields(_ text: String?) -> [(String, String)] {
        guard let text else { return [] }
        // By bytes: a value that begins with a combining mark is one character with the sign before it.
        return text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let mark = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return (String(decoding: line[..<mark], as: UTF8.self), String(decoding: line[mark...].dropFirst(), as: UTF8.self))
        }
    }
}
