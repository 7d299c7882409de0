// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// What a rotated file is called: `flotilla-20261121T053000Z-0001.jsonl` beside `flotilla.jsonl`, from the time of the rotation and a
/// number within that second. By name they are in the order of their records.
struct RotatedName: Comparable {
    let stamp: String
    let number: Int

    init(stamp: String, number: Int) {
        self.stamp = stamp
        self.number = number
    }

    /// The first free name after those that there are. A clock that was set back goes on with the newest stamp: otherwise what is
    /// newest would look oldest, and be deleted first.
    init(at now: Timestamp, after newest: RotatedName?) {
        let stamp = now.compactText
        if let newest, newest.stamp >= stamp {
            self.init(stamp: newest.stamp, number: newest.number + 1)
        } else {
            self.init(stamp: stamp, number: 1)
        }
    }

    static func < (left: RotatedName, right: RotatedName) -> Bool { (left.stamp, left.number) < (right.stamp, right.number) }
}

/// How the rotated files of one log file are named.
struct RotatedPattern {
    private let prefix: String
    private let suffix: String

    init(of path: String) {
        let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
        // A dot in front makes a hidden file, not an extension.
        let dot = name.dropFirst().lastIndex(of: ".") ?? name.endIndex
        prefix = name[..<dot] + "-"
        suffix = String(name[dot...])
    }

    func text(_ name: RotatedName) -> String {
        let digits = String(name.number)
        return prefix + name.stamp + "-" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits + suffix
    }

    /// Nil for a name that `text` never gives: what looks only similar is somebody else's, and is never deleted.
    func name(_ text: String) -> RotatedName? {
        guard text.hasPrefix(prefix), text.hasSuffix(suffix), text.utf8.count > prefix.utf8.count + suffix.utf8.count else { return nil }
        let parts = text.dropFirst(prefix.count).dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isStamp(parts[0]), let number = Int(parts[1]) else { return nil }
        let name = RotatedName(stamp: String(parts[0]), number: number)
        return self.text(name) == text ? name : nil
    }

    private static func isStamp(_ text: Substring) -> Bool {
        let form = "00000000T000000Z".utf8
        return text.utf8.count == form.count
            && zip(text.utf8, form).allSatisfy { $1 == UInt8(ascii: "0") ? (0x30...0x39).contains($0) : $0 == $1 }
    }
}

extension Timestamp {
    /// `20261121T053000Z`.
    fileprivate var compactText: String {
        let second = Timestamp(microseconds: microseconds - (microseconds % 1_000_000 + 1_000_000) % 1_000_000)
        return second.description.filter { $0 != "-" && $0 != ":" }
    }
}
