// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Signed requests of every provider with random damage, through the whole ingress. None brings it down, and a damaged body is never
/// published where the scheme covers the body.
@Suite(.timeLimit(.minutes(60))) struct EveryProviderFuzzTests {
    /// Schemes that prove who sends, not what; that cover some fields of the body; or for which several texts of a form say the same.
    static let notOverBody: Set<String> = [
        "gitlab-token", "monday", "mailgun", "postmark", "msgraph", "telegram", "huggingface", "google-pubsub", "atlassian-connect-jwt",
        "generic-bearer", "generic-basic", "generic-apikey", "aws-sns", "aws-sns-v1", "aws-sns-v2", "twilio", "twilio-sharedkey",
        "mandrill",
    ]

    @Test("damage is refused, or missed what was signed", arguments: VectorTests.files)
    func damaged(_ file: String) async throws {
        let loop = try Loop("door")
        defer { loop.stop() }
        let doors = try await ProviderDoor.all(of: file, on: loop)
        guard !doors.isEmpty else { return }
        var random = Seeded(file.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        let cases = max(50, Fuzz.cases / VectorTests.files.count)
        var statuses: [Int: Int] = [:]
        for number in 0..<cases {
            let door = doors[number % doors.count]
            var request = door.request
            for _ in 0..<Int.random(in: 1...2, using: &random) { Self.strike(&request, with: &random) }
            let answer = await door.answer(request)
            statuses[answer.status, default: 0] += 1
            let published = door.publisher.take()
            #expect((200...299).contains(answer.status) || published.isEmpty, "case \(number)")
            if !published.isEmpty, request.body != door.request.body {
                #expect(Self.notOverBody.contains(door.provider.name), "case \(number)")
            }
            for event in published.joined() { #expect(try Event(json: event.json) == event, "case \(number)") }
        }
        #expect(Set(statuses.keys).isSubset(of: [200, 202, 204, 400, 401, 403, 404, 405, 503]), "\(statuses)")
        #expect(statuses[401, default: 0] > 0, "\(statuses)")
    }

    private static func strike(_ request: inout Request, with random: inout Seeded) {
        let fields = request.head.headers.fields
        guard Int.random(in: 0..<3, using: &random) > 0, let place = fields.indices.randomElement(using: &random) else {
            request.body = Fuzz.mutate(request.body, with: &random)
            return
        }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: request.head.headers.fields.remove(at: place)
        case 1: request.head.headers.fields.append(fields[place])
        case 2: request.head.headers.fields[place].name = fields[place].name.uppercased()
        case 3: request.head.headers.fields[place].value = fields[place].value.uppercased()
        case 4:
            request.head.headers.fields[place].value +=
                [" ", ",", "=", "\u{301}", ", v1=00", " v1,AAAA"].randomElement(using: &random) ?? ""
        case 5: request.head.target += ["?", "?x=y", "&x=y", "#", "%00", "?validationToken=x"].randomElement(using: &random) ?? ""
        default: request.head.headers.fields[place].value = text(Fuzz.mutate(utf8(fields[place].value), with: &random))
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
