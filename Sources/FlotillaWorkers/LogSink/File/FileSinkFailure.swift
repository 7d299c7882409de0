// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What is wrong with the file of a sink. Names the file, never what is in it.
package struct FileSinkFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// In words that follow "the log sink".
    package enum Trouble: Error, Equatable, CustomStringConvertible {
        case cannotOpen(Int32)
        case notAFile
        case isALink
        case cannotMakeFolder(Int32)
        case cannotLock(Int32)
        case full
        case cannotWrite(Int32)
        case cannotSync(Int32)
        case cannotRotate(Int32)
        case unsteady
        case closed

        package var description: String {
            switch self {
            case .cannotOpen(let code): "can't open its file: \(Self.text(code))"
            case .notAFile: "is given something that is not a regular file"
            case .isALink: "is given a symbolic link, which a rotation would rename: name the file itself"
            case .cannotMakeFolder(let code): "can't make the folder of its file: \(Self.text(code))"
            case .cannotLock(let code): "can't lock its file: \(Self.text(code))"
            case .full: "has no space left for its file"
            case .cannotWrite(let code): "can't write its file: \(Self.text(code))"
            case .cannotSync(let code): "can't bring its file to the disk: \(Self.text(code))"
            case .cannotRotate(let code): "can't rotate its file: \(Self.text(code))"
            case .unsteady: "finds another file under its path each time it looks"
            case .closed: "is closed"
            }
        }

        /// A full disk shows itself wherever something is written.
        init(_ code: Int32, otherwise: (Int32) -> Trouble) {
            self = code == ENOSPC || code == EDQUOT ? .full : otherwise(code)
        }

        private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
    }

    package let path: String
    package let trouble: Trouble

    package var description: String { "the log sink \(trouble) (\(path))" }
}
