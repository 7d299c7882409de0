// SPDX-License-Identifier: Apache-2.0

import FlotillaRabbitMQ
import FlotillaRuntime
import Testing

struct BrokerAddressTests {
    @Test func `what is not said is as on a new broker`() throws {
        let address = try BrokerAddress("amqp://localhost")
        #expect(address.hosts.map(\.name) == ["localhost"] && address.hosts.map(\.port) == [5672])
        #expect(address.vhost == "/" && address.user == "guest" && address.password == Secret("guest") && address.tls == nil)
    }

    @Test func `everything can be said, and is percent-decoded`() throws {
        let address = try BrokerAddress("amqps://u%40x:p%3A%2F@a:1,b,[::1]:3/my%2Fhost?cacertfile=/ca.pem&certfile=/c.pem&keyfile=/k.pem")
        #expect(address.hosts.map { "\($0.name) \($0.port)" } == ["a 1", "b 5671", "::1 3"])
        #expect(address.vhost == "my/host" && address.user == "u@x" && address.password == Secret("p:/"))
        #expect(address.tls?.authorities == "/ca.pem" && address.tls?.certificate == "/c.pem" && address.tls?.key == "/k.pem")
    }

    @Test func `a user without a password is known by a certificate`() throws {
        #expect(try BrokerAddress("amqps://flotilla@h?certfile=/c.pem").password == nil)
        #expect(throws: BrokerAddress.Fault.self) { try BrokerAddress("amqps://flotilla@h") }
        #expect(throws: BrokerAddress.Fault.self) { try BrokerAddress("amqp://flotilla@h") }
    }

    @Test(arguments: ["", "http://h", "amqp://", "amqp://u:@h", "amqp://h?cacertfile=x", "amqps://h?verify=none"])
    func `what can't be a broker is refused`(_ text: String) {
        #expect(throws: BrokerAddress.Fault.self) { try BrokerAddress(text) }
    }

    @Test func `neither a description nor a fault shows who we are`() throws {
        #expect(try BrokerAddress("amqp://me:hush@h:1,i/v").description == "amqp://h:1,i:5672/v")
        #expect(try BrokerAddress("amqp://me:hush@[::1]").description == "amqp://[::1]:5672/")
        let fault = #expect(throws: BrokerAddress.Fault.self) { try BrokerAddress("amqp://me:hush@h?none") }
        #expect(fault.map { !$0.description.contains("hush") && !$0.description.contains("me:") } ?? false)
    }

    @Test func `an escaped at sign is part of the vhost`() throws {
        #expect(try BrokerAddress("amqp://me:hush@h/a%40b").vhost == "a@b")
    }
}
