// SPDX-License-Identifier: Apache-2.0

/// What the fleet knows of one provider's webhooks: an entry of the provider table, plain data, the same for every hook.
package struct Provider: Sendable {
    /// The scheme's name in configuration: `github`, `standard-webhooks`.
    package let name: String
    let vendor: Vendor
    let scheme: any SignatureScheme

    /// Unique for one event, and equal on its resends. Nil where the provider has none that can be trusted: then every event gets
    /// a fresh one.
    var id: Field?
    /// Whether the signature covers the id where it comes in a header. Such an id is believed whatever else is odd.
    var idIsSigned = false
    /// False where some of the provider's events have no id: these get a fresh one, and keep their type.
    var idIsExpected = true
    /// The first must be there; the others are added where they are.
    var type: [Field]
    /// False where the provider's events may have no type at all: then their id is believed without it.
    var typeIsExpected = true
    var tenant: Field?

    /// The lists that lead to the single events of a request, from the outside in; none where a request is one event.
    var items: [ItemList] = []
    /// The form field that holds the JSON where the provider may post a form instead of JSON.
    var formField: String?
    /// False where the provider's bodies need not be JSON.
    var needsJSON = true

    /// What it asks of an endpoint beside taking events.
    var handshake: (any Handshake)?
    /// Those of events: handshakes may come with others.
    var methods = ["POST"]
    /// What the provider wants to hear when its events are accepted.
    var status = 202
    /// How long the provider waits for an answer.
    let patience: Duration
    /// Whether it sends again what was not accepted.
    var retries = true
    /// What the entry's own fields read from the hook's settings, beside what the scheme reads.
    var fieldOptions: [HookOption] = []

    /// The rest of its patience belongs to the network.
    package var answerWithin: Duration { patience * 4 / 5 }

    /// Whether a resend of an event is promised to have its id.
    package var idsAreStable: Bool { id != nil }

    package var options: [HookOption] { scheme.options + fieldOptions + (handshake?.options ?? []) }
    package var keyMeaning: String { scheme.keyMeaning }
    package var needsKeys: Bool { scheme.needsKeys && !handsOverSecret }
    package var handsOverSecret: Bool { handshake?.handsOverSecret ?? false }
    package var needsURL: Bool { scheme.needsURL }

    /// Whose events they are: the first part of their types.
    enum Vendor: Sendable {
        case named(String)
        /// A scheme that many vendors share: the hook's name tells them apart.
        case hook
    }
}
