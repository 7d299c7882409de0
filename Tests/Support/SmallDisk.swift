// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// A file system in memory that is soon full, mounted in a folder of its own for as long as it is needed.
package enum SmallDisk {
    struct NotMounted: Error, CustomStringConvertible {
        let description: String
    }

    /// Not every root may mount: a container's often may not. Where the tools of the tests are promised, a disk that can't be mounted fails
    /// its test instead of hiding it.
    package static let isPossible: Bool = {
        if ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"] != nil { return true }
        guard let folder = try? Folder(), (try? mount(at: folder, kilobytes: 64)) != nil else { return false }
        return umount2(folder.path, 0) == 0
    }()

    package static func with<Value>(kilobytes: Int, _ body: (_ path: String) async throws -> Value) async throws -> Value {
        let folder = try Folder()
        try mount(at: folder, kilobytes: kilobytes)
        // Detached: files of it may still be open when a test fails.
        defer { umount2(folder.path, Int32(MNT_DETACH)) }
        return try await body(folder.path)
    }

    private static func mount(at folder: Folder, kilobytes: Int) throws {
        guard Glibc.mount("tmpfs", folder.path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
            throw NotMounted(description: "a small disk can't be mounted: \(String(cString: strerror(errno)))")
        }
    }
}
