// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The environment, read once, typed. Made when a program starts (and again on SIGHUP); each part of the program reads its variables,
/// and faults pile up instead of ending the reading, so that `finish()` reports all of them together. What is returned for a faulty
/// variable is only a stand-in: after `finish()` threw nothing is started.
///
/// A variable that is empty counts as not set. `X_FILE` names a file that holds the value of `X`.
package struct Configuration: Sendable {
    static let fileLimit = 4 << 20

    private let environment: [String: String]
    private var names: VariableNames
    private var faults: [ConfigurationFault] = []
    /// Files are read once, though several readers ask for the same variable.
    private var contents: [String: String?] = [:]
    private var document: JSONValue?
    private var documentPath = Variable.config.name

    package init(environment: [String: String], known: [Variable] = Variable.all) {
        self.environment = environment
        names = VariableNames(known.map(\.name))
        document = readDocument()
    }

    /// Reports a fault that a reader found by itself. The remedy says what would be right, in words that follow the name: "must be …".
    package mutating func fault(_ name: String, _ remedy: String) {
        let fault = ConfigurationFault(name, remedy)
        if !faults.contains(fault) { faults.append(fault) }
    }

    /// Names that follow from other values, such as `FLOTILLA_HOOK_GITHUB_SECRET` once there is a hook github: from now on they are
    /// known, and what is nearly one of them is a misspelling.
    package mutating func know(_ names: some Sequence<String>) {
        self.names.know(names)
    }

    /// Names that another program reads and checks: `FLOTILLA_HOOK_` in a worker.
    package mutating func leave(prefix: String) {
        names.leave(prefix: prefix)
    }

    /// Throws all faults, or returns what is worth a warning in the log.
    package mutating func finish() throws(ConfigurationFaults) -> [String] {
        var warnings: [String] = []
        for name in environment.keys.sorted() {
            switch names.verdict(on: name) {
            case .fine: continue
            case .misspelt(let right): fault(name, "is not a variable of Flotilla: did you mean \(right)?")
            case .unknown: warnings.append("\(name) is not a variable of Flotilla, and is ignored")
            }
        }
        guard faults.isEmpty else { throw ConfigurationFaults(faults) }
        return warnings
    }

    // MARK: Values

    package func isSet(_ name: String) -> Bool {
        environment[name]?.isEmpty == false || environment[name + "_FILE"]?.isEmpty == false
    }

    package func isSet(_ variable: Variable) -> Bool { isSet(variable.name) }

    /// What the environment or the variable's file says; nil when neither is set.
    package mutating func value(_ name: String) -> String? {
        let direct = environment[name].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = environment[name + "_FILE"], !path.isEmpty else { return direct }
        guard direct == nil else {
            fault(name, "and \(name)_FILE are both set: only one of them can be right")
            return direct
        }
        if let known = contents[name] { return known }
        let text = readFile(path, for: name + "_FILE")
        contents[name] = .some(text)
        return text
    }

    private mutating func readFile(_ path: String, for name: String) -> String? {
        do {
            let bytes = try SmallFile.read(path, limit: Self.fileLimit)
            guard var text = String(validating: bytes, as: UTF8.self) else {
                fault(name, "must name a file of UTF-8 text")
                return nil
            }
            // "\r\n" is one Character.
            if text.last == "\n" || text.last == "\r\n" { text.removeLast() }
            return text.isEmpty ? nil : text
        } catch {
            fault(name, "must name a readable file: it \(error)")
            return nil
        }
    }

    // MARK: The file underneath

    /// A section of the file that `FLOTILLA_CONFIG` names. Variables win over it; its reader reports faults with `place(of:)`.
    package func section(_ name: String) -> JSONValue? { document?[name] }

    /// How a fault names a place in the file: `/etc/flotilla.json: hooks.github.secrets`.
    package func place(of path: String) -> String {
        "\(documentPath): \(path)"
    }

    private mutating func readDocument() -> JSONValue? {
        guard let path = value(Variable.config.name) else { return nil }
        documentPath = path
        do {
            let document = try JSONValue(parsing: SmallFile.read(path, limit: Self.fileLimit), sizeLimit: Self.fileLimit)
            guard let members = document.members else {
                fault(path, "must hold a JSON object")
                return nil
            }
            let sections = ["hooks", "routes", "workers"]
            for member in members where !sections.contains(member.name) {
                fault(place(of: member.name), "is not a section: there are \(sections.joined(separator: ", "))")
            }
            return document
        } catch let error as SmallFile.Failure {
            fault(Variable.config.name, "must name a readable file: \(path) \(error)")
        } catch {
            fault(path, "must be a JSON document: \(error)")
        }
        return nil
    }
}

/// It holds secrets in the clear until its readers have taken them, so it shows nothing of itself.
extension Configuration: CustomStringConvertible, CustomReflectable {
    package var description: String { "Configuration" }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)](), displayStyle: .struct) }
}
