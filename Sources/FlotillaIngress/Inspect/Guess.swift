// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// One thing that may have gone wrong with a request: how it would have been without, and what to do if that is it.
struct Guess {
    let remedy: String
    let changed: InspectedRequest

    private static let rawBytes = "hand the body on as the bytes that came"

    static func all(for inspected: InspectedRequest) -> [Guess] {
        headers(inspected) + bodies(inspected) + keys(inspected) + addresses(inspected)
    }

    // MARK: The body

    private static func bodies(_ inspected: InspectedRequest) -> [Guess] {
        BodyForms.all(of: inspected.request.body).map { form in
            var changed = inspected
            changed.request.body = form.body
            return Guess(remedy: "it would match if \(form.name): \(rawBytes)", changed: changed)
        }
    }

    // MARK: The secret

    private static func keys(_ inspected: InspectedRequest) -> [Guess] {
        let mark = "whsec_"
        func with(_ remedy: String, _ change: (HookKey) -> HookKey?) -> Guess? {
            let keys = inspected.settings.keys.compactMap(change)
            guard !keys.isEmpty, keys != inspected.settings.keys else { return nil }
            var changed = inspected
            changed.settings.keys = keys
            return Guess(remedy: "it would match if \(remedy)", changed: changed)
        }
        func text(_ change: @escaping (String) -> String) -> (HookKey) -> HookKey? {
            { key in HookKey(Secret(change(key.text.expose())), kind: key.kind) }
        }
        let blanks: Set<Character> = [" ", "\t", "\n", "\r\n", "\r"]
        func trimmed(_ text: String, of unwanted: Set<Character>) -> String {
            String(text.drop { unwanted.contains($0) }.reversed().drop { unwanted.contains($0) }.reversed())
        }
        return [
            with("the secret had no blanks or line ends around it: take them away", text { trimmed($0, of: blanks) }),
            with("the secret had no quotes around it: take them away", text { trimmed($0, of: blanks.union(["\"", "'"])) }),
            with("the secret kept its \(mark): give it whole", text { $0.hasPrefix(mark) ? $0 : mark + $0 }),
            with("the secret had no \(mark): give it without", text { $0.hasPrefix(mark) ? String($0.dropFirst(mark.count)) : $0 }),
            with("the secret's text were the key, not the bytes that it encodes") { HookKey($0.text, kind: .utf8) },
            with("the bytes that the secret encodes in base64 were the key, not its text") { HookKey($0.text, kind: .whsec) },
            with("the secret were in lower case") { HookKey(Secret($0.text.expose().lowercased()), kind: $0.kind) },
        ].compactMap(\.self)
    }

    // MARK: Headers

    private static func headers(_ inspected: InspectedRequest) -> [Guess] {
        func with(_ remedy: String, _ change: (inout (name: String, value: String)) -> Void) -> Guess? {
            var changed = inspected
            for place in changed.request.head.headers.fields.indices { change(&changed.request.head.headers.fields[place]) }
            return changed.request == inspected.request ? nil : Guess(remedy: remedy, changed: changed)
        }
        return [
            with("a header's name has _ where the provider writes -: let proxies pass names on unchanged") { field in
                field.name.replace("_", with: "-")
            },
            with("a header's value came in quotes: let proxies pass values on unchanged") { field in
                if field.value.count > 2, field.value.hasPrefix("\""), field.value.hasSuffix("\"") {
                    field.value = String(field.value.dropFirst().dropLast())
                }
            },
            with("the signature came in upper case, which its provider never writes: something on the way changes it") { field in
                field.value = field.value.lowercased()
            },
        ].compactMap(\.self)
    }

    // MARK: The URL

    /// Every setting that is a URL is another one at a time: the hook's own, or an audience.
    private static func addresses(_ inspected: InspectedRequest) -> [Guess] {
        var guesses: [Guess] = []
        for form in AddressForms.all(of: inspected.settings.url, in: inspected.request.head) {
            var changed = inspected
            changed.settings.url = form.url
            for (name, value) in changed.settings.options where value == inspected.settings.url {
                changed.settings.options[name] = form.url
            }
            changed.request.head.target = form.target
            guesses.append(
                Guess(remedy: "it would match if the URL \(form.name): give it exactly as it is entered at the provider", changed: changed))
        }
        for (name, value) in inspected.settings.options.sorted(by: { $0.key < $1.key }) where value != inspected.settings.url {
            for form in AddressForms.all(of: value, in: inspected.request.head) {
                var changed = inspected
                changed.settings.options[name] = form.url
                guesses.append(
                    Guess(remedy: "it would match if \(name) \(form.name): give it exactly as the provider has it", changed: changed))
            }
        }
        return guesses
    }
}
