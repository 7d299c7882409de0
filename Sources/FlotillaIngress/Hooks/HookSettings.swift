// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// What one hook brings to its provider's scheme: keys, the public URL, and whatever else the scheme asks for. Read from the
/// configuration, or from a line of `hooks verify`, and used up when the hook is made.
package struct HookSettings: Sendable, Equatable {
    /// Newest first: any of them may match, the first one signs.
    package var keys: [HookKey]
    /// How the provider reaches the hook, as it was told there: for schemes that sign the URL.
    package var url: String?
    /// By the names of the scheme's `HookOption`s. One that is absent has its default.
    package var options: [String: String]
    package var limits = HookLimits()

    package init(keys: [HookKey] = [], url: String? = nil, options: [String: String] = [:]) {
        self.keys = keys
        self.url = url
        self.options = options
    }

    package init(secrets: [Secret]) {
        self.init(keys: secrets.map { HookKey($0) })
    }

    func text(_ option: HookOption) -> String? {
        options[option.name] ?? option.fallback
    }

    func needed(_ option: HookOption) throws(HookFault) -> String {
        guard let text = text(option), !text.isEmpty else { throw HookFault(.option(option.name), "must be set: \(option.meaning)") }
        return text
    }

    func integer(_ option: HookOption, in range: ClosedRange<Int>) throws(HookFault) -> Int {
        guard let value = text(option).flatMap({ Int($0) }), range.contains(value) else {
            throw HookFault(.option(option.name), "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ option: HookOption, _ type: Choice.Type) throws(HookFault) -> Choice {
        guard let value = text(option).flatMap({ Choice(rawValue: $0) }) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw HookFault(.option(option.name), "must be one of \(names)")
        }
        return value
    }
}
