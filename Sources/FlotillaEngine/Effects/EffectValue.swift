// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// What an effect may return: bytes that are stored with it, and given to every later run instead of a call. At most 64 KB are kept; keep a
/// receipt, not the document. Conform a type of your own where these do not do.
public protocol EffectValue: Sendable {
    /// Throws what is no such value: it was stored by another version, or typed by a person.
    init(effectBytes bytes: [UInt8]) throws

    func effectBytes() throws -> [UInt8]
}

/// The bytes are not what is expected. Tells nothing of them.
struct UnreadableValue: Error {}

extension String: EffectValue {
    public init(effectBytes bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw UnreadableValue() }
        self = text
    }

    public func effectBytes() -> [UInt8] { Array(utf8) }
}

extension [UInt8]: EffectValue {
    public init(effectBytes bytes: [UInt8]) { self = bytes }
    public func effectBytes() -> [UInt8] { self }
}

extension Int: EffectValue {
    public init(effectBytes bytes: [UInt8]) throws {
        guard let number = Int(String(decoding: bytes, as: UTF8.self)) else { throw UnreadableValue() }
        self = number
    }

    public func effectBytes() -> [UInt8] { Array(String(self).utf8) }
}

extension JSONValue: EffectValue {
    package init(effectBytes bytes: [UInt8]) throws { try self.init(parsing: bytes) }

    package func effectBytes() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}

/// How a value becomes bytes and comes back. Without one, `Void` needs no bytes at all.
struct EffectCodec<Value: Sendable> {
    let encode: (Value) throws -> [UInt8]
    let decode: ([UInt8]) throws -> Value
    /// What stands for a value that was not kept; nil where one is needed.
    let absent: Value?
}

extension EffectCodec where Value: EffectValue {
    static var value: EffectCodec {
        EffectCodec(encode: { try $0.effectBytes() }, decode: { try Value(effectBytes: $0) }, absent: nil)
    }
}

extension EffectCodec where Value == Void {
    static var nothing: EffectCodec { EffectCodec(encode: { [] }, decode: { _ in }, absent: ()) }
}
