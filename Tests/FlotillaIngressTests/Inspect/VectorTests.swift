// SPDX-License-Identifier: Apache-2.0

import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Foundation
import Testing

/// Requests of every scheme, valid and hostile, signed by Python alone (`Tests/Judges/vectors`): what must be said of each stands in its line.
@Suite struct VectorTests {
    static let folder = URL(filePath: #filePath).appending(path: "../../../Vectors").standardized
    static let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.filter(isOfProvider).sorted() ?? []

    private static func isOfProvider(_ file: String) -> Bool {
        file.hasSuffix(".jsonl") && ProviderTable.named(String(file.dropLast(6))) != nil
    }

    struct Vector {
        let line: [UInt8]
        let name: String
        let expected: JSONValue

        var isValid: Bool { expected["verdict"]?.string == "accept" }
    }

    static func vectors(_ file: String) throws -> [Vector] {
        try Data(contentsOf: folder.appending(path: file)).split(separator: UInt8(ascii: "\n")).map { line in
            let value = try JSONValue(parsing: Array(line))
            return try Vector(line: Array(line), name: #require(value["id"]?.string), expected: #require(value["expect"]))
        }
    }

    @Test("each request is judged as its vector says, and its events are as the provider means them", arguments: files)
    func judged(_ file: String) throws {
        var inspector = Inspector(guesses: 0)
        for vector in try Self.vectors(file) {
            for complaint in Self.complaints(inspector.verdict(on: vector.line), vector) { Issue.record("\(vector.name): \(complaint)") }
        }
    }

    @Test("every scheme has at least three valid and eight hostile requests")
    func enough() throws {
        for provider in ProviderTable.all {
            let vectors = try Self.vectors("\(provider.name).jsonl")
            #expect(vectors.count(where: \.isValid) >= 3, "\(provider.name)")
            #expect(vectors.count { !$0.isValid } >= 8, "\(provider.name)")
        }
    }

    @Test("a look for the likely cause never takes a request for a good one, and never shows a secret", arguments: files)
    func guessed(_ file: String) throws {
        var inspector = Inspector(guesses: .max)
        for vector in try Self.vectors(file) {
            let verdict = inspector.verdict(on: vector.line)
            #expect(verdict.isAccepted == vector.isValid, "\(vector.name)")
            guard case .rejected(_, let why) = verdict.finding else { continue }
            let keys = try JSONValue(parsing: vector.line)["keys"]?.array ?? []
            for key in keys { #expect(try !why.contains(#require(key["value"]?.string)), "\(vector.name)") }
        }
    }

    private static func complaints(_ verdict: Verdict, _ vector: Vector) -> [String] {
        switch verdict.finding {
        case .rejected(let check, let why):
            guard !vector.isValid else { return ["refused: \(check): \(why)"] }
            guard let wanted = vector.expected["check"]?.string, wanted != check else { return [] }
            return ["the check is \(check), not \(wanted): \(why)"]
        case .accepted(let events):
            guard vector.isValid else { return ["accepted"] }
            guard let wanted = vector.expected["events"]?.array else { return [] }
            guard wanted.count == events.count else { return ["\(events.count) events, not \(wanted.count)"] }
            return zip(events, wanted).flatMap(complaints)
        }
    }

    private static func complaints(_ made: SplitEvent, _ wanted: JSONValue) -> [String] {
        let said = [
            ("id", made.event.id), ("type", made.event.type), ("rawtype", made.rawType ?? ""),
            ("tenant", made.event.extensions["tenant"] ?? ""),
        ]
        var complaints = said.compactMap { name, value in
            wanted[name]?.text.flatMap { $0 == value ? nil : "\(name) is \(value), not \($0)" }
        }
        if let stable = wanted["stable"]?.bool, stable != made.idIsStable { complaints.append("its id is \(stable ? "not " : "")stable") }
        for part in wanted["id_holds"]?.array ?? [] where !made.event.id.contains(part.string ?? "") {
            complaints.append("its id is \(made.event.id), without \(part.string ?? "")")
        }
        return complaints
    }
}
