// SPDX-License-Identifier: Apache-2.0

/// The part of `--help` that lists variables: names, defaults and meanings in columns.
package enum VariableHelp {
    package static let note = """
        Every variable X can be given as X_FILE=path instead. Faults are reported together, and the exit status is then 78.
        """

    package static func help(for variables: [Variable], width: Int = 120) -> String {
        let names = variables.map(\.name.count).max() ?? 0
        let defaults = variables.map { ($0.fallback ?? "-").count }.max() ?? 0
        let indent = 2 + names + 2 + defaults + 2
        let lines = variables.map { variable in
            let start = "  " + pad(variable.name, to: names) + "  " + pad(variable.fallback ?? "-", to: defaults) + "  "
            let gap = "\n" + String(repeating: " ", count: indent)
            return start + wrap(variable.meaning, to: max(30, width - indent)).joined(separator: gap)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func wrap(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " " + word
        }
        return lines + [line]
    }
}
