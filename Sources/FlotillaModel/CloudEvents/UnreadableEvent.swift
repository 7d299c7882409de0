// SPDX-License-Identifier: Apache-2.0

/// Why a document in CloudEvents' JSON format is refused. Names attributes at most, never their values.
package enum UnreadableEvent: Error, Equatable, CustomStringConvertible {
    case json(JSONFailure)
    case notAnObject
    case notAnArray
    case tooMany(limit: Int)
    /// Parsers disagree on which of two equal names counts, so neither does.
    case repeatedName
    case notText(String)
    case extensionValue
    case twoKindsOfData
    case base64
    case event(InvalidEvent)

    package var description: String {
        switch self {
        case .json(let failure): failure.description
        case .notAnObject: "an event is not a JSON object"
        case .notAnArray: "a batch is not a JSON array"
        case .tooMany(let limit): "a batch holds more than \(limit) events"
        case .repeatedName: "an event has the same attribute twice"
        case .notText(let name): "the attribute \(name) is not a string"
        case .extensionValue: "an extension's value is not a string, a boolean or a whole number"
        case .twoKindsOfData: "an event has both data and data_base64"
        case .base64: "data_base64 is not Base64"
        case .event(let rule): rule.description
        }
    }
}
