// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
internal import TestSupport

extension Turnstile {
    /// How many tests may have processes at the same time. Each process of a database takes one of the 128 inotify instances that Linux
    /// gives to a user, and a few of them are enough to keep two cores busy.
    static let processes = Turnstile(places: 8)
}

/// Where a test works: a folder of its own and the processes that it started in there. Whatever happens, `with` ends the processes
/// by their ids and removes the folder.
final class Place: Sendable {
    let path: String
    private let children = Mutex<[Child]>([])

    static func with<Value>(_ body: (Place) async throws -> Value) async throws -> Value {
        await Turnstile.processes.enter()
        defer { Turnstile.processes.leave() }
        let place = try Place()
        do {
            let value = try await body(place)
            await place.leave()
            return value
        } catch {
            await place.leave()
            throw error
        }
    }

    private init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("flotilla-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    private func leave() async {
        let left = children.withLock { $0 }
        for child in left { child.send(SIGKILL) }
        for child in left { _ = try? await child.end(within: .seconds(20)) }
        try? FileManager.default.removeItem(atPath: path)
    }

    // MARK: Processes

    /// Starts one of the package's programs in this folder, with these variables and no others but what a process needs.
    func start(_ program: String, _ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> Child {
        let number = children.withLock { $0.count }
        let child = try Child(
            Binaries.path(of: program), arguments, environment: environment, folder: path,
            output: file("out-\(number)-\(program)"), errors: file("err-\(number)-\(program)"))
        children.withLock { $0.append(child) }
        return child
    }

    /// Starts it and waits for its end.
    func run(
        _ program: String, _ arguments: [String] = [], _ environment: [String: String] = [:], within limit: Duration = .seconds(30)
    ) async throws -> Finished {
        let child = try start(program, arguments, environment)
        let ending = try await child.end(within: limit)
        return Finished(ending: ending, output: child.output, errors: child.errors)
    }

    // MARK: Files

    func file(_ name: String) -> String { path + "/" + name }

    func text(_ name: String) -> String { TextFile.read(file(name)) }

    func lines(_ name: String) -> [String] { text(name).split(separator: "\n").map(String.init) }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }
}

enum TextFile {
    /// Nothing while the file is not there yet.
    static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

/// A process that has ended, and what it said.
struct Finished {
    let ending: Child.Ending
    let output: String
    let errors: String
}

/// The programs under test: in the folder that FLOTILLA_TEST_BIN names, or where the build put them beside the tests.
enum Binaries {
    static let folder: String = ProcessInfo.processInfo.environment["FLOTILLA_TEST_BIN"] ?? beside

    static func path(of program: String) -> String { folder + "/" + program }

    private static var beside: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    }
}
