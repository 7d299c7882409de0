// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a JSON document. Says where, never what stands there: it may be a payload or a secret.
package enum JSONFailure: Error, Equatable, CustomStringConvertible {
    case endsTooEarly
    case unexpected(at: Int)
    case trailing(at: Int)
    case number(at: Int)
    case escape(at: Int)
    case control(at: Int)
    case notUTF8(at: Int)
    case tooDeep(limit: Int)
    case tooLarge(limit: Int)

    package var description: String {
        switch self {
        case .endsTooEarly: "the JSON ends too early"
        case .unexpected(let place): "the JSON has an unexpected character at byte \(place)"
        case .trailing(let place): "the JSON is followed by something else at byte \(place)"
        case .number(let place): "the JSON has a malformed number at byte \(place)"
        case .escape(let place): "the JSON has a malformed escape at byte \(place)"
        case .control(let place): "the JSON has a bare control character in a string at byte \(place)"
        case .notUTF8(let place): "the JSON is not valid UTF-8 at byte \(place)"
        case .tooDeep(let limit): "the JSON is nested deeper than \(limit) levels"
        case .tooLarge(let limit): "the JSON is larger than \(limit) bytes"
        }
    }
}
