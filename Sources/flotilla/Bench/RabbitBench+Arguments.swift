// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaRabbitMQ
internal import FlotillaRuntime

extension RabbitBench {
    init(_ arguments: inout Arguments, lanes: Int, keys: Int, order: EventOrder) throws {
        let environment = Configuration.processEnvironment()
        do {
            address = try BrokerAddress(environment[Variable.broker.name] ?? "amqp://guest:guest@127.0.0.1")
        } catch {
            throw WrongUsage("\(Variable.broker.name) \(error.description)")
        }
        self.lanes = lanes
        self.keys = keys
        self.order = order
        count = try arguments.integer("--count", in: 1...100_000_000) ?? 100_000
        journal = arguments.flag("--journal")
        large = arguments.flag("--large")
        rate = try arguments.integer("--rate", in: 1...1_000_000)
        kept = try arguments.option("--keep").map { (environment[Variable.prefix.name] ?? "", $0) }
    }

    /// What is not as usual.
    var words: [String] {
        let key = keys == 0 ? nil : "\(keys) partition keys\(order == .strict ? " in strict order" : "")"
        return [journal ? "journaled" : nil, large ? "one in a hundred large" : nil, rate.map { "\($0) a second" }, key].compactMap(\.self)
    }
}
