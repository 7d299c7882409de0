// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A file system in memory that is soon full: mounted by `init`, gone after `unmount`. Needs the right to mount.
struct SmallDisk {
    struct CannotMount: Error {}

    let path: String

    /// Where the tools of the tests are promised, a disk that can't be mounted fails its test instead of hiding it.
    static let isPossible: Bool = {
        if ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"] != nil { return true }
        guard let disk = try? SmallDisk(kilobytes: 64) else { return false }
        disk.unmount()
        return true
    }()

    init(kilobytes: Int) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("flotilla-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard Self.run("mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path) else {
            try? FileManager.default.removeItem(atPath: path)
            throw CannotMount()
        }
    }

    func unmount() {
        // Lazily: a descriptor may still be open.
        _ = Self.run("umount", "-l", path)
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func run(_ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
