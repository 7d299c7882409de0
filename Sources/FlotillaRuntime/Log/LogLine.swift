// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// One line before it is written, in either of its two forms.
package struct LogLine: Sendable {
    /// Longer texts are cut: what a network sent must not make a line of any length.
    static let textLimit = 4096

    package let time: Timestamp
    package let level: LogLevel
    package let program: String
    package let message: String
    package let fields: [(name: String, value: JSONValue)]

    package subscript(name: String) -> JSONValue? { fields.last { $0.name == name }?.value }

    /// `{"time":"2026-01-01T00:00:00.000Z","level":"info","program":"flotilla-ingress","msg":"…",…}` and a newline.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("time", timeText)
            writer.member("level", level.rawValue)
            writer.member("program", program)
            writer.member("msg", Self.cut(message))
            for field in fields {
                // A field must not pass for one of the line's own.
                writer.key(["time", "level", "program", "msg"].contains(field.name) ? field.name + "_" : field.name)
                writer.value(Self.cut(field.value))
            }
        }
        writer.newline()
        return writer.bytes
    }

    /// `00:00:00.000 info    message  name=value …` and a newline, with nothing in it that a terminal would obey.
    package var text: [UInt8] {
        let clock = timeText.dropFirst(11).dropLast()
        let level = level.rawValue + String(repeating: " ", count: max(0, 7 - level.rawValue.count))
        var line = "\(clock) \(level) \(Self.cut(message))"
        for field in fields {
            var value = field.value.text ?? String(decoding: field.value.encoded, as: UTF8.self)
            if value.isEmpty || value.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "=" }) {
                value = String(decoding: JSONValue.string(value).encoded, as: UTF8.self)
            }
            line += " \(field.name)=\(Self.cut(value))"
        }
        let shown = line.unicodeScalars.map { Self.isControl($0) ? "\u{FFFD}" : $0 }
        return Array(String(String.UnicodeScalarView(shown)).utf8) + [0x0A]
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// With three digits of the second always, so that lines stand in columns.
    private var timeText: String {
        let whole = Timestamp(milliseconds: time.milliseconds).description
        return whole.utf8.count == 20 ? whole.dropLast() + ".000Z" : whole
    }

    private static func cut(_ value: JSONValue) -> JSONValue {
        if case .string(let text) = value { .string(cut(text)) } else { value }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > textLimit else { return text }
        return String(decoding: text.utf8.prefix(textLimit), as: UTF8.self) + "…"
    }
}
