// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// What can be the value of a field. A secret can, and says so.
package protocol LogValue: Sendable {
    var logged: JSONValue { get }
}

/// Fields in the order they are given: `["hook": name, "bytes": count]`. A nil is left out.
package typealias LogFields = KeyValuePairs<String, (any LogValue)?>

extension String: LogValue {
    package var logged: JSONValue { .string(self) }
}

extension Substring: LogValue {
    package var logged: JSONValue { .string(String(self)) }
}

extension Int: LogValue {
    package var logged: JSONValue { .integer(self) }
}

extension UInt64: LogValue {
    package var logged: JSONValue { .integer(self) }
}

extension Int64: LogValue {
    package var logged: JSONValue { .integer(self) }
}

extension Double: LogValue {
    package var logged: JSONValue { isFinite ? .number(description) : .null }
}

extension Bool: LogValue {
    package var logged: JSONValue { .bool(self) }
}

/// In seconds.
extension Duration: LogValue {
    package var logged: JSONValue { .number(inSeconds.description) }
}

extension Timestamp: LogValue {
    package var logged: JSONValue { .string(description) }
}

extension Secret: LogValue {
    package var logged: JSONValue { .string(Secret.redacted) }
}
