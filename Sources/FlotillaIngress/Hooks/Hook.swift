// SPDX-License-Identifier: Apache-2.0

/// One configured webhook endpoint: its name, its provider, and the provider's scheme with the hook's settings. Made from the
/// configuration at start; a change of settings makes a new one.
package struct Hook: Sendable {
    package let name: String
    package let provider: Provider
    let settings: HookSettings
    /// Those of its events and of its handshake.
    let methods: [String]
    let check: any SignatureCheck
    /// Where its events' attributes stand in a JSON body, level by level.
    let paths: [[[String]]]
    /// Of what is not what the provider sends.
    let unknownType: String

    package init(name: String, provider: Provider, settings: HookSettings) throws(HookFault) {
        var settings = settings
        for option in provider.options where settings.options[option.name] == nil { settings.options[option.name] = option.fallback }
        for option in provider.options where option.isRequired { _ = try settings.needed(option) }
        if provider.needsURL, settings.url?.isEmpty != false { throw HookFault(.url, "must be set: the provider signs it") }
        self.name = name
        self.provider = provider.resolved(with: settings.options)
        paths = ItemFields.paths(of: self.provider)
        unknownType = EventType.unknown(of: self.provider.vendor.name(of: name))
        methods = Set(provider.methods + (provider.handshake?.methods ?? [])).sorted()
        self.settings = settings
        check = try settings.keys.isEmpty && provider.handsOverSecret ? NoKeyYet() : provider.scheme.check(with: settings)
    }

    package var limits: HookLimits { settings.limits }

    package var source: String { "/hooks/\(name)" }

    /// The first part of its events' types.
    package var vendor: String { provider.vendor.name(of: name) }
}

extension Provider.Vendor {
    fileprivate func name(of hook: String) -> String {
        switch self {
        case .named(let name): name
        case .hook: hook
        }
    }
}

extension Provider {
    /// The entry as one hook has it, where the hook's settings say where its fields are.
    fileprivate func resolved(with options: [String: String]) -> Provider {
        guard !fieldOptions.isEmpty else { return self }
        var provider = self
        provider.id = id?.resolved(with: options)
        provider.type = type.compactMap { $0.resolved(with: options) }
        provider.tenant = tenant?.resolved(with: options)
        return provider
    }
}
