// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Glibc

enum Terminal {
    static func complain(_ text: String) {
        let line = text + "\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    static func confirm(_ question: String) -> Bool {
        print("\(question) [yes/no] ", terminator: "")
        fflush(nil)
        return readLine() == "yes"
    }

    /// Overwrites itself while something long goes on; silent when nobody looks.
    static func progress(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        complainInPlace(text)
    }

    private static func complainInPlace(_ text: String) {
        let line = "\r\u{1B}[K" + text
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    static func endProgress() { progress("") }

    /// Rows in columns, the first row being the headings. What came from outside can't steer the terminal.
    static func table(_ rows: [[String]]) -> String {
        let shown = rows.map { $0.map(plain) }
        let widths = shown.first.map { first in first.indices.map { column in shown.map { $0[column].count }.max() ?? 0 } } ?? []
        return shown.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
    }

    static func seconds(_ duration: Duration) -> String {
        "\(Double(duration.inMilliseconds) / 1000) s"
    }

    static func age(_ since: Timestamp?, now: Timestamp) -> String {
        guard let since else { return "-" }
        let seconds = Int(max(0, (now - since).inSeconds))
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m"
        case ..<86_400: return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }
}

/// One line of JSON on stdout. Line breaks stand only between what it is made of, such as an event's own data: there a blank is as good.
func printJSON(_ body: (inout JSONWriter) -> Void) {
    var writer = JSONWriter(capacity: 256)
    writer.object(body)
    print(String(decoding: writer.bytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self))
}
