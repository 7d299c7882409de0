// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// One reading of the settings of one hook: what the variables say, else what the configuration file says. Knows where each of
/// them was found, so that a fault names that place.
struct HookSettingsReader {
    let name: String
    let provider: Provider
    /// The hook's object in the configuration file.
    let entry: JSONValue?
    private var secretsAreInFile = false

    init(name: String, provider: Provider, entry: JSONValue?) {
        self.name = name
        self.provider = provider
        self.entry = entry
    }

    /// Nil when a fault was reported that leaves nothing to make a hook of.
    mutating func read(_ configuration: inout Configuration) -> HookSettings? {
        configuration.know((provider.options + HookLimits.options).map { $0.variable(of: name) })
        if let entry { check(entry, &configuration) }
        let secrets = secrets(&configuration)
        var settings = HookSettings(secrets: secrets ?? [])
        settings.url = text("url", HookName.variable(name, "URL"), &configuration) ?? publicURL(&configuration)
        for option in provider.options {
            settings.options[option.name] = text(option.name, option.variable(of: name), &configuration)
        }
        settings.limits = limits(&configuration)
        return secrets == nil ? nil : settings
    }

    /// The place of a setting that turned out to be wrong.
    func place(of place: HookFault.Place, _ configuration: Configuration) -> String {
        switch place {
        case .keys:
            secretsAreInFile ? configuration.place(of: "hooks.\(name).secrets") : HookName.variable(name, "SECRET")
        case .url:
            self.place("url", HookName.variable(name, "URL"), configuration)
        case .option(let option):
            self.place(option, HookName.variable(name, option.uppercased()), configuration)
        }
    }

    private func place(_ key: String, _ variable: String, _ configuration: Configuration) -> String {
        guard !configuration.isSet(variable), entry?[key] != nil else { return variable }
        return configuration.place(of: "hooks.\(name).\(key)")
    }

    /// Nil when a fault was reported for them.
    private mutating func secrets(_ configuration: inout Configuration) -> [Secret]? {
        let variable = HookName.variable(name, "SECRET")
        if configuration.isSet(variable) {
            let values = configuration.secrets(variable)
            if !values.isEmpty { return values }
        } else if let listed = entry?["secrets"] {
            secretsAreInFile = true
            let texts = listed.array.map { $0.compactMap(\.string) } ?? []
            if !texts.isEmpty, texts.count == listed.array?.count { return texts.map { Secret($0) } }
            configuration.fault(configuration.place(of: "hooks.\(name).secrets"), "must be a list of texts, newest first")
            return nil
        } else if !provider.needsKeys {
            return []
        }
        configuration.fault(variable, "must hold the secret of the hook \(name), or several separated by spaces, newest first")
        return nil
    }

    private func text(_ key: String, _ variable: String, _ configuration: inout Configuration) -> String? {
        if let value = configuration.value(variable) { return value }
        guard let listed = entry?[key] else { return nil }
        if listed.text == nil { configuration.fault(configuration.place(of: "hooks.\(name).\(key)"), "must be a text or a number") }
        return listed.text
    }

    private func limits(_ configuration: inout Configuration) -> HookLimits {
        func read(_ option: HookOption) -> (value: String, place: String)? {
            let variable = option.variable(of: name)
            let place = place(option.name, variable, configuration)
            if !configuration.isSet(variable), let list = entry?[option.name]?.array {
                // What is no text in it must not be passed over.
                return (list.map { $0.string ?? "?" }.joined(separator: ","), place)
            }
            return text(option.name, variable, &configuration).map { ($0, place) }
        }
        var limits = HookLimits()
        if let (value, place) = read(.networks) {
            if let networks = NetworkList(value) {
                limits.networks = networks
            } else {
                configuration.fault(place, "must be \(NetworkList.expected)")
            }
        }
        if let (value, place) = read(.rate) {
            limits.rate = Rate(value)
            if limits.rate == nil { configuration.fault(place, "must be \(Rate.expected)") }
            if !provider.retries {
                configuration.fault(
                    place, "can't be set for \(provider.name): it does not send again what is refused, and the event would be lost")
            }
        }
        return limits
    }

    /// Where the outside reaches this hook unless it has a URL of its own.
    private func publicURL(_ configuration: inout Configuration) -> String? {
        guard let base = configuration.text(.publicURL), !base.isEmpty else { return nil }
        return (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/hooks/" + name
    }

    private func check(_ entry: JSONValue, _ configuration: inout Configuration) {
        guard let members = entry.members else {
            return configuration.fault(configuration.place(of: "hooks.\(name)"), "must be an object with provider and secrets")
        }
        let known = ["provider", "secrets", "url"] + (provider.options + HookLimits.options).map(\.name)
        for member in members where !known.contains(member.name) {
            let hint = Spelling.nearest(to: member.name, among: known).map { ": did you mean \($0)?" } ?? ""
            configuration.fault(configuration.place(of: "hooks.\(name).\(member.name)"), "is not a setting of a hook\(hint)")
        }
    }
}
