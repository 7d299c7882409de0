// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
package import FlotillaRuntime

extension HookTable {
    /// Reads `FLOTILLA_HOOKS`, the variables of each hook, and the section `hooks` of the configuration file underneath. Every fault
    /// is reported to the configuration; a hook that has one is left out.
    package init(reading configuration: inout Configuration) {
        var reader = HookReader(file: configuration.section("hooks")?.members ?? [])
        if let section = configuration.section("hooks"), section.members == nil {
            configuration.fault(configuration.place(of: "hooks"), "must be an object of hooks by their names")
        }
        self.init(reader.hooks(of: &configuration))
    }
}

/// One reading of the hooks of a configuration.
private struct HookReader {
    let file: [JSONMember]
    private var names: [String] = []
    private var providers: [String: (name: String, place: String)] = [:]

    init(file: [JSONMember]) {
        self.file = file
    }

    mutating func hooks(of configuration: inout Configuration) -> [Hook] {
        for item in configuration.list(.hooks) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            add(parts[0], provider: parts.count > 1 ? parts[1] : nil, at: Variable.hooks.name, &configuration)
        }
        for member in file where !names.contains(member.name) {
            add(member.name, provider: nil, at: configuration.place(of: "hooks"), &configuration)
        }
        for (index, name) in names.enumerated() {
            guard let other = names[..<index].first(where: { HookName.key($0) == HookName.key(name) }) else { continue }
            configuration.fault(Variable.hooks.name, "must not name hooks that differ only in - and _: \(other) and \(name)")
        }
        return names.compactMap { hook($0, &configuration) }
    }

    private mutating func add(_ name: String, provider: String?, at place: String, _ configuration: inout Configuration) {
        guard HookName.isValid(name) else {
            return configuration.fault(place, "must name each hook by \(HookName.rule)")
        }
        guard !names.contains(name) else {
            return configuration.fault(place, "must name the hook \(name) once")
        }
        names.append(name)
        configuration.know([HookName.variable(name, "SECRET"), HookName.variable(name, "URL")])
        if let provider {
            providers[name] = (provider, place)
        } else if let provider = entry(name)?["provider"] {
            providers[name] = (provider.string ?? "", configuration.place(of: "hooks.\(name).provider"))
        } else {
            providers[name] = (name, place)
        }
    }

    private func hook(_ name: String, _ configuration: inout Configuration) -> Hook? {
        guard let chosen = providers[name] else { return nil }
        guard let provider = ProviderTable.named(chosen.name) else {
            configuration.fault(chosen.place, Self.unknownProvider(chosen.name, of: name))
            return nil
        }
        var reader = HookSettingsReader(name: name, provider: provider, entry: entry(name))
        guard let settings = reader.read(&configuration) else { return nil }
        do {
            return try Hook(name: name, provider: provider, settings: settings)
        } catch {
            configuration.fault(reader.place(of: error.place, configuration), error.remedy)
            return nil
        }
    }

    private static func unknownProvider(_ name: String, of hook: String) -> String {
        let known = ProviderTable.all.map(\.name)
        let hint = Spelling.nearest(to: name, among: known).map { "did you mean \($0)?" }
        return "must name a known provider for the hook \(hook): \(hint ?? known.joined(separator: ", "))"
    }

    private func entry(_ name: String) -> JSONValue? {
        file.last { $0.name == name }?.value
    }
}
