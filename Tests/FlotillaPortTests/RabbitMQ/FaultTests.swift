// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// What happens to a fleet when the broker, its queues or the way to it fail.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct FaultTests {
    @Test func `a proxy that stops reading fails publishes in time, and blocks nothing for longer`() async throws {
        let node = try await RabbitNode.shared
        let proxy = try TCPProxy(to: node.port)
        defer { proxy.end() }
        var options = RabbitBroker.Options.small
        options.prefix = "stall."
        options.patience = .seconds(2)
        let broker = try await RabbitBroker.open(try BrokerAddress("amqp://127.0.0.1:\(proxy.port)"), options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        let worker = try WorkerAtWork(broker)
        try await broker.publish([event("before")])
        proxy.stall()
        let large = [UInt8](repeating: 7, count: 8 << 20)
        for round in 0..<3 {
            let begin = ContinuousClock.now
            await #expect(throws: BrokerFailure.self) { try await broker.publish([event("stalled \(round)", data: large)]) }
            // Without its end it would take as long as the proxy does; it is as late as a starved machine makes it.
            #expect(ContinuousClock.now - begin < .seconds(12))
        }
        #expect(await broker.ailment() != nil)
        proxy.resume()
        try await until(broker) { (try? await broker.publish([event("after")])) != nil }
        // Of those that were given up nobody knows whether they come.
        try await worker.finish(having: ["before", "after"], from: broker)
        await broker.close()
    }

    @Test func `a connection that is cut comes back, and with it deliveries and publishes`() async throws {
        let node = try await RabbitNode.shared
        let proxy = try TCPProxy(to: node.port)
        defer { proxy.end() }
        var options = RabbitBroker.Options.small
        options.prefix = "cut."
        let broker = try await RabbitBroker.open(try BrokerAddress("amqp://127.0.0.1:\(proxy.port)"), options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        // Cut while their handlers run: these come again, and have run.
        let cutting = Mutex<Set<String>>(["10", "50", "90"])
        let worker = try WorkerAtWork(broker) { event in
            if cutting.withLock({ $0.remove(event.id) != nil }) { proxy.cut() }
            return .done
        }
        let returned = Ids()
        for round in 0..<200 {
            if round % 40 == 20 { proxy.cut() }
            let id = "\(round)"
            if (try? await broker.publish([event(id)])) != nil { returned.add(id) }
        }
        #expect(returned.all.count > 150)
        try await worker.finish(having: returned.all, from: broker)
        #expect(cutting.withLock { $0.count } < 3)
        await broker.close()
    }

    @Test func `a publisher that is cut off anywhere in a frame, again and again, loses nothing that returned`() async throws {
        let node = try await RabbitNode.shared
        let proxy = try TCPProxy(to: node.port)
        defer { proxy.end() }
        var options = RabbitBroker.Options.small
        options.prefix = "fuse."
        let broker = try await RabbitBroker.open(try BrokerAddress("amqp://127.0.0.1:\(proxy.port)"), options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        let worker = try WorkerAtWork(broker)
        let crowd = Crowd(lanes: 16, each: 250)
        let publishing = Task { await crowd.publish(to: broker) }
        for cut in 1...12 {
            proxy.cut(after: Int.random(in: 1...40_000))
            try await within(.seconds(60), "more publishes") { await crowd.over.reach(cut * 300) }
        }
        await publishing.value
        #expect(crowd.returned.tally.count + crowd.failed.count == crowd.count)
        #expect(crowd.returned.tally.count > crowd.count / 2)
        try await worker.finish(having: crowd.returned.all, from: broker)
        await broker.close()
    }

    /// What the broker adds on a rung or by dead-lettering stays with the copy that it was added to: an event that kept it was taken for
    /// one that goes round in circles, confirmed, and dropped.
    @Test func `an event that was retried, dead, replayed and retried again still arrives`() async throws {
        try await Adapter.rabbitmq.harness { harness in
            let holder = try await harness.open()
            let broker = try #require(holder.broker as? RabbitBroker)
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 4)
            try await broker.publish([event("1")])
            for life in 0..<2 {
                for attempt in 2...4 {
                    let delivery = try await subscription.one()
                    #expect(delivery.passage.generation == life && delivery.passage.attempt == attempt - 1)
                    var passage = delivery.passage
                    passage.attempt = attempt
                    try await broker.forward(delivery, to: "q", passage: passage, after: .milliseconds(10))
                    delivery.acknowledge()
                }
                let last = try await subscription.one()
                try await broker.forward(last, to: "q.dead", passage: last.passage, after: .zero)
                last.acknowledge()
                let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
                #expect(try await broker.replay(letters, to: "q") == 1)
                #expect(try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10).isEmpty)
            }
            let end = try await subscription.one()
            #expect(end.passage.generation == 2 && end.passage.replayedFrom == "q.dead")
        }
    }

    @Test func `a queue that is deleted under its consumer is consumed again once it is declared anew`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            try await broker.declare("q", bindings: [pattern("t")])
            let worker = try WorkerAtWork(broker)
            try await broker.publish([event("before")])
            try await until(broker) { worker.all["before"] != nil }
            try RawRabbit.delete(harness.prefix + "q", harness.address)
            try await until(broker) { await broker.ailment()?.contains("deleted") ?? false }
            // It returns, though there is no queue for it: it is kept, and nothing of it is lost.
            try await broker.publish([event("between")])
            let letters = try await broker.letters(in: QueueNames.unrouted, matching: LetterFilter(), limit: 10)
            #expect(letters.map { try? $0.content.get().id } == ["between"])
            try await broker.declare("q", bindings: [pattern("t")])
            try await broker.publish([event("after")])
            try await until(broker) { worker.all["after"] != nil }
            #expect(await broker.ailment() == nil)
            #expect(try await broker.replay(letters, to: nil) == 1)
            try await worker.finish(having: ["before", "between", "after"], from: broker)
        }
    }

    @Test func `what happens to connections and channels is told in words`() async throws {
        let node = try await RabbitNode.shared
        let proxy = try TCPProxy(to: node.port)
        defer { proxy.end() }
        let told = Mutex<[String]>([])
        @Sendable func has(_ part: String) -> Bool { told.withLock { $0.contains { $0.contains(part) } } }
        var options = RabbitBroker.Options.small
        options.prefix = "told."
        options.notice = { text in told.withLock { $0.append(text) } }
        let address = try BrokerAddress("amqp://guest:guest@127.0.0.1:\(proxy.port)")
        let broker = try await RabbitBroker.open(address, options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        let subscription = try await broker.subscribe(to: "q", prefetch: 4)
        #expect(told.withLock { $0.isEmpty })
        proxy.cut()
        try await TestSupport.until {
            has("consume: the connection to the broker was lost") && has("consume: connected to the broker again")
        }
        try await TestSupport.until { await broker.ailment() == nil }
        try RawRabbit.delete("told.q", address)
        try await TestSupport.until { has("the channel of q was closed") && has("deleted") }
        #expect(!has("guest"))
        await subscription.cancel()
        try await broker.remove(queues: ["q"])
        let count = told.withLock { $0.count }
        await broker.close()
        // Its end is no news.
        #expect(told.withLock { $0.count } == count)
    }

    @Test func `a queue that is there with other arguments is named, with the remedy`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            try RawRabbit.declare(plain: harness.prefix + "q", harness.address)
            do {
                try await broker.declare("q", bindings: [pattern("t")])
                Issue.record("it was declared")
            } catch let failure as BrokerFailure {
                #expect(failure.kind == .refused)
                for word in ["\(harness.prefix)q", "inequivalent", "delete it"] { #expect(failure.description.contains(word)) }
            }
        }
    }

    /// A user who may do nothing.
    private static let visitor = Task { try await RabbitNode.shared.control("add_user", "visitor", "hush-hush") }

    @Test(arguments: [
        ("amqp://guest:hush-hush@", "Login was refused"), ("amqp://nobody:hush-hush@", "Login was refused"),
        ("amqp://visitor:hush-hush@/nowhere", "vhost nowhere"), ("amqp://visitor:hush-hush@", "vhost '/'"),
    ])
    func `who we are and where is checked at once, and told without the password`(_ text: String, _ why: String) async throws {
        let node = try await RabbitNode.shared
        _ = try await Self.visitor.value
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let address = try BrokerAddress("\(parts[0])@127.0.0.1:\(node.port)\(parts[1])")
        let failure = await #expect(throws: BrokerFailure.self) { _ = try await RabbitBroker.open(address, options: .small) }
        #expect(failure?.kind == .away)
        #expect(failure?.description.contains(why) == true, "\(failure?.description ?? "")")
        #expect(failure?.description.contains("hush") == false)
    }

    @Test func `a memory alarm is told as backpressure, and forgotten when it ends`() async throws {
        let node = try await RabbitNode()
        var options = RabbitBroker.Options.small
        options.patience = .seconds(1)
        let broker = try await RabbitBroker.open(try node.address, options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        let worker = try WorkerAtWork(broker)
        let returned = Ids()
        @Sendable func publish(_ id: String) async throws {
            try await broker.publish([event(id)])
            returned.add(id)
        }
        try await publish("before")
        try await node.control("set_vm_memory_high_watermark", "0")
        // The broker tells a connection only when it publishes.
        await #expect(throws: BrokerFailure.self) {
            for number in 0..<100 { try await publish("\(number)") }
        }
        try await until(broker) { await broker.ailment()?.contains("takes no messages") ?? false }
        #expect(await broker.standing() == .blocked)
        // Nothing is read of what is tried at a start, either: that ends, and the program waits.
        let tried = await #expect(throws: BrokerFailure.self) { try await broker.expect(bodiesOf: 16 << 20) }
        #expect(tried?.kind == .away)
        try await node.control("set_vm_memory_high_watermark", "0.4")
        try await until(broker) { await broker.ailment() == nil }
        #expect(await broker.standing() == .up)
        try await publish("after")
        try await worker.finish(having: returned.all, from: broker)
        await broker.close()
    }

    /// It was answered with an error of the connection, which nobody outside knows: a program that met it ended instead of waiting.
    @Test func `a broker that goes away between two questions is away, for whoever asks`() async throws {
        let node = try await RabbitNode.shared
        let proxy = try TCPProxy(to: node.port)
        var options = RabbitBroker.Options.small
        options.prefix = "asked."
        let broker = try await RabbitBroker.open(try BrokerAddress("amqp://127.0.0.1:\(proxy.port)"), options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        proxy.end()
        let failure = await #expect(throws: BrokerFailure.self) { try await broker.declare("q", bindings: [pattern("t")]) }
        #expect(failure?.kind == .away)
        await broker.close()
    }

    @Test func `a broker that answers nothing does not keep whoever closes`() async throws {
        let node = try await RabbitNode.shared
        let proxy = try TCPProxy(to: node.port)
        defer { proxy.end() }
        var options = RabbitBroker.Options.small
        options.prefix = "closing."
        // What is under way would take this long, and a question to the broker 15 seconds.
        options.patience = .seconds(60)
        let broker = try await RabbitBroker.open(try BrokerAddress("amqp://127.0.0.1:\(proxy.port)"), options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        let subscription = try await broker.subscribe(to: "q", prefetch: 4)
        // In the middle of a body: whoever sends it is in a call that has no end.
        proxy.stall(after: 500_000)
        let published = Task { try await broker.publish([event("1", data: [UInt8](repeating: 7, count: 32 << 20))]) }
        try await TestSupport.until { proxy.isStalled }
        let asked = Task { try await broker.queues() }
        let begin = ContinuousClock.now
        await broker.close()
        // Two seconds, and what a starved machine adds to them.
        #expect(ContinuousClock.now - begin < .seconds(12))
        await #expect(throws: BrokerFailure.self) { try await asked.value }
        await #expect(throws: BrokerFailure.self) { try await published.value }
        #expect(try await subscription.next() == nil)
    }

    @Test func `a user who may not configure works on what is there, and is told what is not`() async throws {
        let node = try await RabbitNode.shared
        try await node.control("add_user", "worker", "secret")
        try await node.control("set_permissions", "worker", "^$", ".*", ".*")
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let owner = try await harness.broker()
            try await owner.declare("q", bindings: [pattern("t")])
            var options = RabbitBroker.Options.small
            options.prefix = harness.prefix
            let address = try BrokerAddress("amqp://worker:secret@127.0.0.1:\(node.port)")
            let worker = try await RabbitBroker.open(address, options: options)
            try await worker.declare("q", bindings: [pattern("t")])
            let subscription = try await worker.subscribe(to: "q", prefetch: 1)
            try await worker.publish([event("1")])
            #expect(try await subscription.one().id == "1")
            do {
                try await worker.declare("mail", bindings: [pattern("mail.#")])
                Issue.record("it was declared")
            } catch let failure as BrokerFailure {
                #expect(failure.description.contains("mail") && failure.description.contains("may not make it"))
            }
            await worker.close()
        }
    }
}
