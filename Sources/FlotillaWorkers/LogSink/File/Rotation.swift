// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import FlotillaModel
internal import Glibc

/// Puts a log file aside and deletes the oldest of those put aside. Called with the file's lock held.
struct Rotation {
    private let path: String
    private let folder: Folder
    private let pattern: RotatedPattern
    private let keep: Int

    init(_ settings: FileSinkSettings) {
        path = settings.path
        folder = Folder(of: settings.path)
        pattern = RotatedPattern(of: settings.path)
        keep = settings.keep
    }

    /// The new name is brought to the disk together with the next file's, when that is opened.
    func run(at now: Timestamp) throws(FileSinkFailure.Trouble) {
        let before = folder.entries(pattern.name).sorted()
        let name = try claim(at: now, after: before.last)
        guard rename(path, place(name)) == 0 else {
            let code = errno
            unlink(place(name))
            // Somebody else put the file aside: that is a rotation, too.
            guard code != ENOENT else { return }
            throw .init(code) { .cannotRotate($0) }
        }
        prune(before + [name])
    }

    /// Makes an empty file under a name that nobody had. Only that is then renamed over: nothing is ever overwritten.
    private func claim(at now: Timestamp, after newest: RotatedName?) throws(FileSinkFailure.Trouble) -> RotatedName {
        var name = RotatedName(at: now, after: newest)
        while true {
            let descriptor = flotilla_open(place(name), O_WRONLY | O_CREAT | O_EXCL, 0o640)
            if descriptor >= 0 {
                close(descriptor)
                return name
            }
            guard errno == EEXIST else { throw .init(errno) { .cannotRotate($0) } }
            name = RotatedName(stamp: name.stamp, number: name.number + 1)
        }
    }

    /// From the oldest on. What can't be deleted stays until the next rotation tries again.
    private func prune(_ names: [RotatedName]) {
        for name in names.dropLast(keep) { unlink(place(name)) }
    }

    private func place(_ name: RotatedName) -> String { folder.path + pattern.text(name) }
}
