// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

/// Letters counted by what failed: the class, the event's type, and the reason with its numbers left out, since a reason tells of one event.
/// Grows letter by letter; past a number of groups the rest is counted as one.
package struct LetterGroups: Sendable {
    package struct Group: Sendable, Equatable {
        package let failureClass: String
        package let type: String
        package let reason: String
        package var count = 0
        package var oldest: Timestamp
        package var newest: Timestamp
    }

    private static let limit = 1000
    private var groups: [[String]: Group] = [:]

    package init() {}

    package mutating func add(_ letter: Letter) {
        let failureClass = letter.passage.failureClass ?? "-"
        let type = (try? letter.content.get())?.type ?? "-"
        let reason = Self.folded(letter.passage.reason ?? "-")
        var place = [failureClass, type, reason]
        if groups[place] == nil, groups.count >= Self.limit { place = ["-", "-", "others"] }
        groups[
            place, default: Group(failureClass: place[0], type: place[1], reason: place[2], oldest: letter.kept, newest: letter.kept)
        ].add(letter.kept)
    }

    /// The largest first.
    package var sorted: [Group] {
        groups.values.sorted { ($1.count, $0.failureClass, $0.type, $0.reason) < ($0.count, $1.failureClass, $1.type, $1.reason) }
    }

    /// Each run of digits becomes one sign.
    static func folded(_ reason: String) -> String {
        var text = ""
        var isNumber = false
        for character in reason {
            let isDigit = character.isASCII && character.isNumber
            if !isDigit { text.append(character) } else if !isNumber { text.append("#") }
            isNumber = isDigit
        }
        return text
    }
}

extension LetterGroups.Group {
    fileprivate mutating func add(_ kept: Timestamp) {
        count += 1
        oldest = min(oldest, kept)
        newest = max(newest, kept)
    }
}
