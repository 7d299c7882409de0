// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// The oldest letters of several queues that are one to whoever looks: so many, and of so many bytes, at most, but always one if there is any.
struct LetterPage {
    private(set) var letters: [Letter] = []
    /// What comes behind it may have one before it that is not known.
    private var end: LetterPlace?
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// - Parameter isCut: the queue has more, which did not fit.
    mutating func add(_ part: [Letter], isCut: Bool) {
        letters += part
        letters.sort { $0.place < $1.place }
        if isCut, let last = part.map(\.place).max() { end = end.map { min($0, last) } ?? last }
        if let end { letters.removeAll { $0.place > end } }
        letters.removeLast(max(0, letters.count - limit))
        var bytes = 0
        let fitting = letters.prefix { letter in
            defer { bytes += letter.size }
            return bytes == 0 || bytes + letter.size <= LetterBatch.bytes
        }
        guard fitting.count < letters.count, let last = fitting.last else { return }
        letters = Array(fitting)
        end = last.place
    }
}
