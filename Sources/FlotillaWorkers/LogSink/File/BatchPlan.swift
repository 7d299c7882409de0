// SPDX-License-Identifier: Apache-2.0

/// What to do next for the records that wait, decided without touching a file. A record is whole in one file, always.
enum BatchPlan: Equatable {
    case rotate
    /// This many of them, with one write and one sync.
    case write(Int)

    /// Larger turns are written in pieces, so that the buffer stays small. A record that is larger is written from where it lies.
    static let byteLimit = 4 << 20

    /// - Parameters:
    ///   - sizes: of the records that wait; there is at least one.
    ///   - fileSize: bytes that the file holds.
    ///   - age: of the file's first record.
    init(_ sizes: some Sequence<Int>, fileSize: Int, age: Duration, limits: FileSinkSettings) {
        guard fileSize == 0 || age < limits.maxAge else {
            self = .rotate
            return
        }
        var count = 0
        var total = 0
        for size in sizes {
            total += size
            let isFirstOfFile = fileSize == 0 && count == 0
            guard isFirstOfFile || fileSize + total <= limits.maxBytes else { break }
            guard count == 0 || total <= Self.byteLimit else { break }
            count += 1
        }
        self = count == 0 ? .rotate : .write(count)
    }
}
