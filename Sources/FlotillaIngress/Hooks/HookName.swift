// SPDX-License-Identifier: Apache-2.0

/// What a hook may be called: its name is a part of a path, of a variable and of an event's source, and needs no escapes in any.
enum HookName {
    static let rule = "1 to 64 lower-case letters, digits, - and _, beginning with a letter or a digit"

    static func isValid(_ name: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard (1...64).contains(name.utf8.count), name.utf8.first.map(isPlain) == true else { return false }
        return name.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    /// `shop-eu` and `shop_eu` have the same variables.
    static func variable(_ name: String, _ setting: String) -> String {
        "FLOTILLA_HOOK_\(key(name))_\(setting)"
    }

    static func key(_ name: String) -> String {
        String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
    }
}
