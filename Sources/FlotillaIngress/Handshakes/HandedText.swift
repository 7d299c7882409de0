// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// A secret as a provider writes it into a handshake: what can be stored, compared and sent back in a header without a doubt.
struct HandedText {
    static let length = 8...256

    let text: String

    init(_ text: String, named name: String) throws(Rejection) {
        guard Self.length.contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Rejection(
                .handshake, "\(name) must hold \(Self.length.lowerBound) to \(Self.length.upperBound) visible letters of ASCII")
        }
        self.text = text
    }

    var secret: Secret { Secret(text) }
}
