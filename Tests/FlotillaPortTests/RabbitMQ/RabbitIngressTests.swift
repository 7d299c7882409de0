// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRabbitMQ
import TestSupport
import Testing

/// The program that takes hooks, while its broker takes nothing. One after the other, on a node of their own: an alarm is for all.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .serialized, .timeLimit(.minutes(5)))
struct RabbitIngressTests {
    enum Trouble: String, CaseIterable, CustomTestStringConvertible {
        case stall, alarm

        var testDescription: String { rawValue }
    }

    private static let starting = Task { try await RabbitNode() }

    @Test(arguments: Trouble.allCases)
    func `while the broker takes nothing a hook is answered 503 in time; what was answered 202 is in its queue`(_ trouble: Trouble)
        async throws
    {
        let node = try await Self.starting.value
        let proxy = try TCPProxy(to: node.port)
        defer { proxy.end() }
        var options = RabbitBroker.Options()
        options.prefix = "\(trouble)."
        let broker = try await RabbitBroker.open(try node.address, options: options)
        try await broker.declare("q", bindings: [pattern("github.#")])
        let started = try Started("flotilla-ingress", broker: "amqp://guest:guest@127.0.0.1:\(proxy.port)", prefix: options.prefix)
        defer { started.end() }
        try await until(broker) { try await started.isReady() }
        let sender = Sender(started)
        try await until(broker) { try await sender.push() == 202 }

        switch trouble {
        case .stall: proxy.stall()
        case .alarm: try await node.control("set_vm_memory_high_watermark", "0")
        }
        // An alarm comes a little later.
        try await until(broker) { try await sender.push() == 503 }
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await sender.push() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 503, count: 8))
        #expect(try await started.get("/healthz").status == 200)

        switch trouble {
        case .stall: proxy.resume()
        case .alarm: try await node.control("set_vm_memory_high_watermark", "0.4")
        }
        try await until(broker) { try await sender.push() == 202 }
        try await until(broker) { try await started.isReady() }
        let delivered = Ids()
        let collecting = collect(try await broker.subscribe(to: "q", prefetch: 64), into: delivered)
        try await until(broker) { sender.accepted.all.isSubset(of: delivered.all) }
        #expect(delivered.all.isSubset(of: sender.sent.all))
        #expect(try await started.get("/healthz").status == 200)
        await broker.close()
        try await collecting.value
    }
}

/// Posts hooks, and knows which of them were accepted.
private struct Sender {
    /// How long GitHub waits.
    private static let patience = Duration.seconds(10)

    let started: Started
    let sent = Ids()
    let accepted = Ids()

    init(_ started: Started) {
        self.started = started
    }

    /// The status of the answer, which must come in time.
    func push() async throws -> Int {
        let id = "\(UInt64.random(in: 0 ... .max))"
        sent.add(id)
        let begin = ContinuousClock.now
        let answer = try await started.push(id)
        let took = ContinuousClock.now - begin
        #expect(took < Self.patience, "\(answer.status)")
        if answer.status == 202 { accepted.add(id) }
        if answer.status == 503 { #expect(answer.headers["Retry-After"].flatMap { Int($0) } != nil) }
        return answer.status
    }
}
