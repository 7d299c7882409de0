// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A script of `Tests/Judges` that asks somebody else's library: a JSON line in for each question, one out for each answer. It runs with
/// `venv/bin/python` of the folder that FLOTILLA_TEST_TOOLS names, which has the packages from PyPI.
enum Judge {
    private static let tools = ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"]

    static var isThere: Bool { tools != nil }

    static func ask<Answer: Decodable>(_ script: String, _ lines: [[String: Any]], for type: Answer.Type) throws -> [Answer] {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: try #require(tools)).appending(path: "venv/bin/python")
        process.arguments = [URL(filePath: #filePath).appending(path: "../../../Judges/\(script)").standardized.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        for line in lines {
            try input.fileHandleForWriting.write(contentsOf: JSONSerialization.data(withJSONObject: line) + Data("\n".utf8))
        }
        try input.fileHandleForWriting.close()
        let answers = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try answers.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Answer.self, from: $0) }
    }
}
