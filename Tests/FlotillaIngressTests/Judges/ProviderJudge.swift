// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import Foundation
import Testing

/// A process with the providers' own packages: asked and answered line by line. Started for one test, ended with it.
final class ProviderJudge {
    private static let tools = ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"]
    static var isHere: Bool { tools != nil }

    static let signs = [
        "stripe", "slack", "paddle", "twilio", "hubspot-v1", "hubspot-v2", "hubspot-v3", "standard-webhooks", "svix", "discord", "sendgrid",
        "monday", "atlassian-connect-jwt",
    ]
    static let verifies = signs + ["square", "github", "meta", "openai"]

    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())
    private var read: [UInt8] = []

    static func with(_ body: (ProviderJudge) throws -> Void) throws {
        let judge = ProviderJudge()
        judge.process.executableURL = URL(filePath: try #require(tools)).appending(path: "venv/bin/python")
        judge.process.arguments = [URL(filePath: #filePath).appending(path: "../../../Judges/provider_judge.py").standardized.path]
        judge.process.standardInput = judge.input
        judge.process.standardOutput = judge.output
        judge.process.standardError = FileHandle.nullDevice
        try judge.process.run()
        defer {
            try? judge.input.fileHandleForWriting.close()
            judge.process.waitUntilExit()
        }
        try body(judge)
    }

    /// A request as the provider makes it, so many seconds ago.
    func sign(_ provider: String, _ secret: String, _ body: String, ago: Int = 0) throws -> JSONValue {
        let now = Int(Date.now.timeIntervalSince1970)
        return try ask(
            .object([
                "do": .string("sign"), "provider": .string(provider), "secret": .string(secret), "now": .integer(now),
                "time": .integer(now - ago), "body": .string(body),
            ]))
    }

    func accepts(_ line: JSONValue) throws -> Bool {
        let answer = try ask(.object([JSONMember("do", .string("verify"))] + (line.members ?? [])))
        guard let accepted = answer["accepted"]?.bool else { throw Silence() }
        return accepted
    }

    struct Silence: Error {}

    private func ask(_ question: JSONValue) throws -> JSONValue {
        try input.fileHandleForWriting.write(contentsOf: Data(question.encoded) + Data("\n".utf8))
        while true {
            if let end = read.firstIndex(of: UInt8(ascii: "\n")) {
                defer { read.removeFirst(end + 1) }
                return try JSONValue(parsing: Array(read[..<end]))
            }
            let data = output.fileHandleForReading.availableData
            try #require(!data.isEmpty, "the judge ended")
            read += data
        }
    }
}
