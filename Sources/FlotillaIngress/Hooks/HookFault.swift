// SPDX-License-Identifier: Apache-2.0

/// Why a hook can't be made of its settings: which of them is wrong, and what would be right, in words that follow its name.
/// Never shows what it found.
package struct HookFault: Error, Equatable, CustomStringConvertible {
    package enum Place: Sendable, Equatable {
        case keys
        case url
        /// By the option's name.
        case option(String)
    }

    package let place: Place
    package let remedy: String

    init(_ place: Place, _ remedy: String) {
        self.place = place
        self.remedy = remedy
    }

    package static let noKey = HookFault(.keys, "needs at least one secret")
    package static let emptyKey = HookFault(.keys, "holds an empty secret")
    package static let notWhsec = HookFault(.keys, "is not whsec_ followed by base64 text")
    package static let unusableKey = HookFault(.keys, "can't be used as a key: libcrypto refuses it")
    package static let otherKind = HookFault(.keys, "holds a key of a kind that the scheme does not know")

    package static func length(_ bytes: ClosedRange<Int>) -> HookFault {
        let count = bytes.count == 1 ? "\(bytes.lowerBound)" : "\(bytes.lowerBound) to \(bytes.upperBound)"
        return HookFault(.keys, "does not hold \(count) bytes")
    }

    package var description: String {
        switch place {
        case .keys: "the secret \(remedy)"
        case .url: "the URL \(remedy)"
        case .option(let name): "\(name) \(remedy)"
        }
    }
}
