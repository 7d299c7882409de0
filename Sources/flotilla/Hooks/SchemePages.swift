// SPDX-License-Identifier: Apache-2.0

internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

/// What `flotilla hooks schemes` says, all of it from the provider table.
enum SchemePages {
    static func show(_ name: String?, json: Bool) throws -> ExitStatus {
        guard let name else {
            if json {
                for provider in ProviderTable.all { printJSON { write(provider, to: &$0) } }
            } else {
                print(Terminal.table([["SCHEME", "SECRET", "ALSO NEEDS", "IDS"]] + ProviderTable.all.map(row)))
                print("\nflotilla hooks schemes NAME tells a scheme's variables.")
            }
            return .done
        }
        guard let provider = ProviderTable.named(name) else {
            let hint = Spelling.nearest(to: name, among: ProviderTable.all.map(\.name)).map { ": did you mean \($0)?" } ?? ""
            Terminal.complain("flotilla hooks: there is no scheme \(Terminal.plain(name))\(hint)")
            return .no
        }
        if json { printJSON { write(provider, to: &$0) } } else { print(page(provider)) }
        return .done
    }

    private static func row(_ provider: Provider) -> [String] {
        var needs = provider.options.filter(\.isRequired).map { $0.name.uppercased() }
        if provider.needsURL { needs.insert("URL", at: 0) }
        return [provider.name, provider.keyMeaning, needs.joined(separator: ", "), provider.idsAreStable ? "stable" : "fresh"]
    }

    private static func page(_ provider: Provider) -> String {
        let prefix = "FLOTILLA_HOOK_<NAME>_"
        var rows = [[prefix + "SECRET", keyNature(provider) + provider.keyMeaning]]
        rows.append([prefix + "URL", provider.needsURL ? "the URL as it is entered at the provider, who signs it" : "not needed"])
        for option in provider.options {
            let nature = option.isRequired ? "(required) " : option.fallback.map { "(\($0)) " } ?? ""
            rows.append([prefix + option.name.uppercased(), nature + option.meaning])
        }
        let samples = Sample.all(of: provider).map(\.type).joined(separator: ", ")
        return """
            \(provider.name)

            \(Terminal.table(rows.map { ["  " + $0[0], $0[1]] }))

            Ids: \(provider.idsAreStable ? "the provider's, equal on a resend" : "a fresh one for each event: the provider has none that can be trusted").
            An answer comes within \(Terminal.seconds(provider.answerWithin)). Samples of flotilla send: \(samples).
            In FLOTILLA_CONFIG: {"hooks":{"<name>":{"provider":"\(provider.name)","secrets":["…"]\(provider.options.filter(\.isRequired).map { #","\#($0.name)":"…""# }.joined())}}}
            """
    }

    private static func keyNature(_ provider: Provider) -> String {
        if provider.handsOverSecret { return "(handed over in a handshake, and kept under FLOTILLA_KEYS, unless it is set) " }
        return provider.needsKeys ? "" : "(not needed) "
    }

    private static func write(_ provider: Provider, to json: inout JSONWriter) {
        json.member("scheme", provider.name)
        json.member("secret", provider.keyMeaning)
        json.member("needs_secret", provider.needsKeys)
        json.member("hands_over_secret", provider.handsOverSecret)
        json.member("needs_url", provider.needsURL)
        json.member("ids_are_stable", provider.idsAreStable)
        json.member("answer_within_seconds", provider.answerWithin.inSeconds)
        json.key("settings")
        json.array { json in
            for option in provider.options {
                json.object { json in
                    json.member("name", option.name)
                    json.member("variable", option.variable(of: "<name>"))
                    json.member("required", option.isRequired)
                    if let fallback = option.fallback { json.member("default", fallback) }
                    json.member("meaning", option.meaning)
                }
            }
        }
        json.key("samples")
        json.array { json in
            for sample in Sample.all(of: provider) { json.string(sample.type) }
        }
    }
}
