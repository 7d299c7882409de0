// SPDX-License-Identifier: Apache-2.0

/// What the fleet knows of one provider's webhooks: an entry of the provider table, plain data, the same for every hook.
package struct Provider: Sendable {
    /// The scheme's name in configuration: `github`, `standard-webhooks`.
    package let name: String
    let vendor: Vendor
    let scheme: any SignatureScheme
    /// Unique for one event, and equal on its resends.
    let id: Field
    /// Whether the signature covers the id. What it does not cover is believed only on a request that has all the rest.
    let idIsSigned: Bool
    /// Whether the provider promises the same id on every resend of an event, and never for two events.
    package let idsAreStable: Bool
    /// The first must be there; the others are added where they are.
    let type: [Field]
    /// The first that is there.
    var tenant: [Field] = []
    /// The form field that holds the JSON where the provider may post a form instead of JSON.
    var formField: String?
    /// How long the provider waits for an answer.
    let patience: Duration

    /// The rest of its patience belongs to the network.
    var answerWithin: Duration { patience * 4 / 5 }

    /// Whose events they are: the first part of their types.
    enum Vendor: Sendable {
        case named(String)
        /// A scheme that many vendors share: the hook's name tells them apart.
        case hook
    }

    /// Where something stands in a request.
    enum Field: Sendable, Equatable {
        case header(String)
        /// Keys of nested objects of the JSON body, from the outside in.
        case json([String])

        static func json(_ keys: String...) -> Field { .json(keys) }
    }
}
