// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaRuntime
internal import Glibc

/// One command of `flotilla`: its words taken from the arguments, its answer on stdout.
protocol Command {
    static var name: String { get }
    static var summary: String { get }
    static var help: String { get }
    init(_ arguments: inout Arguments) throws
    func run() async throws -> ExitStatus
}

enum ExitStatus: Int32 {
    case done = 0
    /// The answer is no, or something was found.
    case no = 1
    case wrongUsage = 2
    case unavailable = 69
    case badConfiguration = 78
}

extension Command {
    /// Runs it, and makes a status of whatever it throws.
    static func main(_ words: [String]) async -> ExitStatus {
        var arguments = Arguments(words)
        if arguments.flag("--help") || arguments.flag("-h") {
            print(help)
            return .done
        }
        do {
            let command = try Self(&arguments)
            try arguments.finish()
            return try await command.run()
        } catch let error as WrongUsage {
            Terminal.complain("flotilla \(name): \(error); see flotilla \(name) --help")
            return .wrongUsage
        } catch let faults as ConfigurationFaults {
            Terminal.complain(faults.description)
            return .badConfiguration
        } catch {
            Terminal.complain("flotilla \(name): \(error)")
            return .unavailable
        }
    }
}
