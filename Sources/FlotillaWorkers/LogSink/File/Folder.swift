// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// The folder that a log file lies in: made when missing, listed, and brought to the disk after a name in it has changed.
struct Folder {
    /// Empty names the current folder.
    let path: String

    init(of file: String) {
        path = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    }

    /// Each new folder is named in its own parent before anything is written into it. Nil, or errno.
    func make() -> Int32? {
        var place = path.startIndex
        while let slash = path[place...].firstIndex(of: "/") {
            place = path.index(after: slash)
            let folder = String(path[..<slash])
            guard !folder.isEmpty else { continue }
            if mkdir(folder, 0o750) == 0 {
                if let code = Folder(of: folder).sync() { return code }
            } else if errno != EEXIST {
                return errno
            }
        }
        return nil
    }

    /// Nil, or errno.
    func sync() -> Int32? {
        let descriptor = flotilla_open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        // Some file systems in user space can't sync a folder, and say so by EINVAL.
        return fsync(descriptor) == 0 || errno == EINVAL ? nil : errno
    }

    /// The names that `pick` makes something of. A folder that can't be read has none.
    func entries<Entry>(_ pick: (String) -> Entry?) -> [Entry] {
        guard let listing = opendir(path.isEmpty ? "." : path) else { return [] }
        defer { closedir(listing) }
        var entries: [Entry] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) { String(cString: $0) }
            }
            if let picked = pick(name) { entries.append(picked) }
        }
        return entries
    }
}
