// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestSupport
internal import Testing

/// A fleet that is given another configuration while requests come in.
@Suite struct ReloadTests {
    private static let first = "the-first-secret"
    private static let second = "the-second-secret"

    private static func document(secrets: [String], others: String = "", routes: String = #"[{"on":"github.#","to":"log-sink"}]"#) -> String
    {
        let list = secrets.map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"hooks":{"github":{"provider":"github","secrets":[\#(list)]}\#(others)},"routes":\#(routes)}"#
    }

    /// Hooks and routes come from a file, but one hook, whose secret is in a file of its own.
    private func withFleet(
        with more: [String: String] = [:], files: [String: String] = [:], _ body: (Fleet, Child) async throws -> Void
    ) async throws {
        let change = [
            "FLOTILLA_HOOKS": "shop=github", "FLOTILLA_HOOK_GITHUB_SECRET": "", "FLOTILLA_HOOK_SHOP_SECRET": "",
            "FLOTILLA_HOOK_SHOP_SECRET_FILE": "shop-secret", "FLOTILLA_ROUTES": "", "FLOTILLA_CONFIG": "fleet.json",
        ]
        try await Fleet.with(change.merging(more) { $1 }) { fleet in
            for file in files { try fleet.place.write(file.value, to: file.key) }
            try fleet.place.write(Self.document(secrets: [Self.first]), to: "fleet.json")
            try fleet.place.write(Self.first, to: "shop-secret")
            try await body(fleet, try await fleet.up())
        }
    }

    private func status(_ fleet: Fleet, _ hook: String, _ secret: String, id: String = "id") async throws -> Int {
        let headers = try Fleet.headers(of: Fleet.body, id: id, secret: secret)
        return try await Wire.request(fleet.listen, "POST", "/hooks/\(hook)", headers: headers, body: Fleet.body).status
    }

    /// Sends SIGHUP and waits until the fleet says that it has taken the configuration over, or that it has not.
    private func reload(_ child: Child, expecting line: String = "configuration taken over") async throws {
        let before = child.errors.components(separatedBy: line).count
        child.send(SIGHUP)
        try await until("the log says: \(line)") { child.errors.components(separatedBy: line).count > before }
    }

    /// What senders saw who never stopped while `body` ran: the statuses, and how many requests that were.
    private func sending(
        _ fleet: Fleet, _ senders: [(hook: String, secret: String)], while body: () async throws -> Void
    ) async throws -> (seen: Set<Int>, count: Int) {
        let goesOn = Switch()
        return try await withThrowingTaskGroup(of: [Int].self) { group in
            for (number, sender) in senders.enumerated() {
                group.addTask {
                    var seen: [Int] = []
                    while goesOn.isOn {
                        seen.append(try await self.status(fleet, sender.hook, sender.secret, id: "\(number)-\(seen.count)"))
                    }
                    return seen
                }
            }
            do { try await body() } catch {
                goesOn.turnOff()
                throw error
            }
            goesOn.turnOff()
            return try await group.reduce(into: (Set<Int>(), 0)) { $0 = ($0.0.union($1), $0.1 + $1.count) }
        }
    }

    @Test("while secrets rotate and hooks come and go, no request is answered otherwise than it should be")
    func rotation() async throws {
        try await withFleet { fleet, child in
            let both = [Self.second, Self.first]
            // The old secret stays valid until the new one is in use.
            let before = try await sending(fleet, [("github", Self.first), ("github", Self.first), ("shop", Self.first)]) {
                for _ in 0..<10 {
                    try fleet.place.write(Self.document(secrets: both), to: "fleet.json")
                    try await reload(child)
                    try fleet.place.write(Self.document(secrets: [Self.first]), to: "fleet.json")
                    try await reload(child)
                }
                try fleet.place.write(Self.document(secrets: both), to: "fleet.json")
                try await reload(child)
            }
            #expect(before.seen == [202])
            #expect(before.count > 20)
            #expect(try await status(fleet, "fresh", Self.first) == 404)
            let others = #","fresh":{"provider":"github","secrets":["\#(Self.first)"]}"#
            let after = try await sending(fleet, [("github", Self.second), ("github", Self.second), ("shop", Self.first)]) {
                for index in 0..<10 {
                    try fleet.place.write(
                        Self.document(secrets: [Self.second], others: index.isMultiple(of: 2) ? others : ""), to: "fleet.json")
                    try await reload(child)
                    #expect(try await status(fleet, "fresh", Self.first) == (index.isMultiple(of: 2) ? 202 : 404))
                }
            }
            #expect(after.seen == [202])
            #expect(try await status(fleet, "github", Self.first) == 401)
            #expect(try await status(fleet, "github", Self.second) == 202)
        }
    }

    @Test("a request whose body is still on its way when its hook goes is accepted by the hook that it began with")
    func inside() async throws {
        try await withFleet { fleet, child in
            let headers = try Fleet.headers(of: Fleet.body, id: "half", secret: Self.first)
            let bytes = Wire.bytes("POST", "/hooks/github", headers: headers, body: Fleet.body)
            let connection = try Connection(fleet.listen)
            defer { connection.close() }
            connection.send(bytes.dropLast(10))
            #expect(try await Wire.get(fleet.listen, "/").status == 200)
            try fleet.place.write(#"{"hooks":{},"routes":[{"on":"github.#","to":"log-sink"}]}"#, to: "fleet.json")
            try await reload(child)
            #expect(try await status(fleet, "github", Self.first) == 404)
            let answer = try await onThread {
                connection.send(bytes.suffix(10))
                return try connection.answer()
            }
            #expect(answer.status == 202)
            try await until("it is handled") { try fleet.written() == ["half"] }
        }
    }

    @Test("a secret that a variable names by its file is read again, too")
    func secretFile() async throws {
        try await withFleet { fleet, child in
            #expect(try await status(fleet, "shop", Self.second) == 401)
            try fleet.place.write(Self.second + " " + Self.first, to: "shop-secret")
            try await reload(child)
            #expect(try await status(fleet, "shop", Self.second) == 202)
            #expect(try await status(fleet, "shop", Self.first) == 202)
        }
    }

    @Test("routes are read again: what was routed elsewhere comes to the worker from then on, and the other way round")
    func routes() async throws {
        try await withFleet { fleet, child in
            #expect(try await status(fleet, "github", Self.first, id: "routed") == 202)
            try await until("it is handled") { try fleet.written() == ["routed"] }
            try fleet.place.write(Self.document(secrets: [Self.first], routes: "[]"), to: "fleet.json")
            try await reload(child)
            #expect(try await status(fleet, "github", Self.first, id: "unrouted") == 202)
            #expect(try await fleet.database { try await $0.report("unrouted").ready } == 1)
            try fleet.place.write(Self.document(secrets: [Self.first]), to: "fleet.json")
            try await reload(child)
            #expect(try await status(fleet, "github", Self.first, id: "routed-again") == 202)
            try await until("it is handled") { try fleet.written() == ["routed", "routed-again"] }
        }
    }

    @Test(
        "of a configuration with faults nothing is taken over, and every fault is told, without what it holds",
        arguments: [
            (
                #"{"hooks":{"github":{"provider":"github","secrets":[]}},"rutes":[]}"#,
                ["hooks.github.secrets must be", "rutes is not a section"]
            ),
            (
                #"{"hooks":{"github":{"provider":"kept-from-everybody","secrets":["x"]}}}"#,
                ["must name a known provider for the hook github"]
            ),
            (
                #"{"hooks":{"github":{"provider":"github","secrets":["kept-from-everybody"],"rate":"1/s"}}}"#,
                ["rate can't be set for github"]
            ),
            (#"{"hooks":{"github":{"provider":"github","secrets":["x"],"networks":"here"}}}"#, ["networks must be networks such as"]),
            (#"{"hooks":"#, ["must be a JSON document"]),
        ])
    func faults(_ document: String, _ faults: [String]) async throws {
        try await withFleet { fleet, child in
            try fleet.place.write(document, to: "fleet.json")
            try await reload(child, expecting: "the old one stays")
            for fault in faults { try await until("it is told: \(fault)") { child.errors.contains(fault) } }
            #expect(!child.errors.contains("kept-from-everybody"))
            #expect(try await status(fleet, "github", Self.first) == 202)
            try fleet.place.write(Self.document(secrets: [Self.second]), to: "fleet.json")
            try await reload(child)
            #expect(try await status(fleet, "github", Self.second) == 202)
        }
    }

    @Test("a hook's rate goes on counting when it is configured anew")
    func counts() async throws {
        try await withFleet { fleet, child in
            let others = #","paid":{"provider":"standard-webhooks","secrets":["\#(Fleet.standardSecret)"],"rate":"2/h"}"#
            try fleet.place.write(Self.document(secrets: [Self.first], others: others), to: "fleet.json")
            try await reload(child)
            for expected in [202, 202, 429] {
                let sent = try await fleet.command("send", "paid", "--json")
                #expect(try Fleet.answers(sent.output).map(\.status) == [expected])
                try await reload(child)
            }
            let answer = try await Wire.get(fleet.admin, "/metrics")
            #expect(answer.body.contains(#"flotilla_ingress_requests_total{hook="paid",status="202"} 2"#))
            #expect(answer.body.contains(#"flotilla_ingress_rejected_total{hook="paid",reason="rate"} 1"#))
        }
    }

    @Test("the flood gate goes on counting when the configuration is read again")
    func gate() async throws {
        try await withFleet(with: ["FLOTILLA_FLOOD_RATE": "2/h"]) { fleet, child in
            for expected in [401, 401, 429] {
                #expect(try await status(fleet, "github", "not-its-secret") == expected)
                try await reload(child)
            }
        }
    }

    @Test("what a running ingress can't change is told, and the rest is taken over")
    func restart() async throws {
        try await withFleet(with: ["FLOTILLA_MAX_BODY_BYTES_FILE": "limit"], files: ["limit": "4096"]) { fleet, child in
            try fleet.place.write("2048", to: "limit")
            try fleet.place.write(Self.document(secrets: [Self.second]), to: "fleet.json")
            try await reload(child)
            #expect(child.errors.contains("FLOTILLA_MAX_BODY_BYTES was changed"))
            #expect(try await status(fleet, "github", Self.second) == 202)
        }
    }
}

/// On, until it is turned off.
private final class Switch: Sendable {
    private let state = Atomic<Bool>(true)

    var isOn: Bool { state.load(ordering: .acquiring) }

    func turnOff() { state.store(false, ordering: .releasing) }
}
