// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TestSupport
internal import Testing

@Suite struct DrainTests {
    @Test("SIGTERM: what is in flight gets its answer, 202 or 503, everything accepted is written, and the process exits with 0")
    func drains() async throws {
        try await Fleet.with(["FLOTILLA_DRAIN_SECONDS": "10"]) { fleet in
            let child = try await fleet.up()
            let sender = try fleet.place.start(
                "flotilla", ["send", "github", "--count", "2000", "--parallel", "32", "--json"], fleet.environment)
            try await until("sends are under way") { try fleet.written().count >= 50 }
            child.send(SIGTERM)
            #expect(try await child.end() == .exited(0), "\(child.errors)")
            try await sender.end()
            let answers = try Fleet.answers(sender.output)
            let statuses = Set(answers.map(\.status))
            #expect(statuses.contains(202))
            // 0: the door was closed before the connection was made, or an idle connection was.
            #expect(statuses.isSubset(of: [202, 503, 0]), "\(statuses)")
            let promised = answers.filter { $0.status == 202 }.map(\.id)
            #expect(try await fleet.database { try await $0.isEmpty("log-sink") })
            #expect(try fleet.written().sorted() == promised.sorted())
        }
    }

    @Test("a request whose body is half sent at SIGTERM gets its answer when the rest comes, and is written when that is 202")
    func half() async throws {
        try await Fleet.with(["FLOTILLA_DRAIN_SECONDS": "10"]) { fleet in
            let child = try await fleet.up()
            let connection = try await halfSent(fleet)
            defer { connection.close() }
            child.send(SIGTERM)
            try await until("it drains") { child.errors.contains("terminate") }
            let answer = try await onThread {
                connection.send(Fleet.body.dropFirst(10))
                return try connection.answer()
            }
            #expect([202, 503].contains(answer.status))
            #expect(try await child.end() == .exited(0))
            #expect(try fleet.written() == (answer.status == 202 ? ["half"] : []))
        }
    }

    /// Sequence: the body stops, SIGTERM comes. The door waited for the body's 30 s, the limit of 25 s passed, and the workers, whose turn
    /// is after the door's, were cancelled without having been asked.
    @Test("a request whose body never comes is refused with 503 soon after SIGTERM, and the drain goes on in good order")
    func refused() async throws {
        try await Fleet.with(["FLOTILLA_DRAIN_SECONDS": "25"]) { fleet in
            let child = try await fleet.up()
            let connection = try await halfSent(fleet)
            defer { connection.close() }
            child.send(SIGTERM)
            let answer = try await onThread { try connection.answer() }
            #expect(answer.status == 503)
            #expect(answer.header("Connection") == "close")
            #expect(answer.header("Retry-After") != nil)
            #expect(try await child.end() == .exited(0), "\(child.errors)")
            #expect(try fleet.written().isEmpty)
        }
    }

    @Test("/readyz is 503 with the status draining as soon as the drain begins, and /healthz stays 200")
    func readiness() async throws {
        try await Fleet.with(["FLOTILLA_DRAIN_SECONDS": "25"]) { fleet in
            let child = try await fleet.up()
            // Holds the drain up for the seconds that the server gives it.
            let connection = try await halfSent(fleet)
            defer { connection.close() }
            child.send(SIGTERM)
            let answer = try await eventually("it says so") {
                let answer = try await Wire.get(fleet.admin, "/readyz")
                return answer.status == 503 ? answer : nil
            }
            #expect(answer.body.contains(#""status":"draining""#))
            #expect(answer.body.contains(#"{"name":"process","state":"draining"}"#))
            #expect(try await Wire.get(fleet.admin, "/healthz").status == 200)
            #expect(try await child.end() == .exited(0), "\(child.errors)")
        }
    }

    @Test("a request whose body never comes holds the drain up no longer than the limit")
    func never() async throws {
        try await Fleet.with(["FLOTILLA_DRAIN_SECONDS": "1"]) { fleet in
            let child = try await fleet.up()
            let connection = try await halfSent(fleet)
            defer { connection.close() }
            child.send(SIGTERM)
            let ending = try await child.end()
            #expect([.exited(0), .exited(1)].contains(ending), "\(ending)")
            // Left to itself, the door would have waited for two seconds.
            #expect(child.errors.contains("the drain took too long"), "\(child.errors)")
        }
    }

    /// Ten bytes of the body have reached the server: what was sent later on another connection is answered.
    private func halfSent(_ fleet: Fleet) async throws -> Connection {
        let connection = try Connection(fleet.listen)
        let bytes = Wire.bytes("POST", "/hooks/github", headers: try Fleet.headers(of: Fleet.body, id: "half"), body: Fleet.body)
        connection.send(bytes.dropLast(Fleet.body.count - 10))
        #expect(try await Wire.get(fleet.listen, "/").status == 200)
        return connection
    }

    @Test("a second signal stops at once")
    func second() async throws {
        try await Fleet.with(["FLOTILLA_DRAIN_SECONDS": "60"]) { fleet in
            let child = try await fleet.up()
            let connection = try await halfSent(fleet)
            defer { connection.close() }
            child.send(SIGTERM)
            try await until("it drains") { child.errors.contains("terminate") }
            #expect(child.hasEnded == nil)
            child.send(SIGTERM)
            #expect(try await child.end() == .exited(128 + SIGTERM))
        }
    }

    @Test("SIGHUP does not end the process")
    func hangup() async throws {
        try await Fleet.with { fleet in
            let child = try await fleet.up()
            child.send(SIGHUP)
            try await until("it is noticed") { child.errors.contains("hangup") }
            #expect(try await fleet.post(Fleet.body, id: "after").status == 202)
            #expect(child.hasEnded == nil)
        }
    }
}
