// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// A file system of three megabytes in memory, mounted in a test's folder for as long as it is needed.
enum SmallDisk {
    struct NotMounted: Error, CustomStringConvertible {
        let description: String
    }

    /// Not every root may mount: a container's often may not.
    static let isPossible: Bool = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flotilla-\(UUID().uuidString)").path
        defer { rmdir(folder) }
        guard (try? mount(at: folder)) != nil else { return false }
        return umount2(folder, 0) == 0
    }()

    static func with<Value>(at folder: String, _ body: (_ folder: String) async throws -> Value) async throws -> Value {
        try mount(at: folder)
        // Detached: the fleet may still have its files open when a test fails.
        defer { umount2(folder, Int32(MNT_DETACH)) }
        return try await body(folder)
    }

    private static func mount(at folder: String) throws {
        mkdir(folder, 0o700)
        guard Glibc.mount("tmpfs", folder, "tmpfs", 0, "size=8m") == 0 else {
            throw NotMounted(description: "a small disk can't be mounted: \(String(cString: strerror(errno)))")
        }
    }
}
