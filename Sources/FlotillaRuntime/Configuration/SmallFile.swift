// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file that is read whole while a process starts: a mounted secret, the configuration.
package enum SmallFile {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case system(Int32)
        case tooLarge(limit: Int)

        package var description: String {
            switch self {
            case .system(let code): "can't be read: \(String(cString: strerror(code)))"
            case .tooLarge(let limit): "is larger than \(limit) bytes"
            }
        }
    }

    package static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system(errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else { throw .tooLarge(limit: limit) }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
