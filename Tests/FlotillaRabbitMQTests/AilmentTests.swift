// SPDX-License-Identifier: Apache-2.0

import FlotillaRuntime
import Testing

@testable import FlotillaRabbitMQ

struct AilmentTests {
    @Test func `only an open connection that is not blocked has nothing to complain of`() {
        var machine = ConnectionMachine(hosts: 1)
        #expect(machine.ailment == "the broker is not connected yet")
        let life: [(ConnectionMachine.Happening, String?)] = [
            (.start, "the broker is not connected yet"),
            (.connected, nil),
            (.blocked("low on memory"), "the broker takes no messages: low on memory"),
            (.unblocked, nil),
            (.failed("reset"), "the broker is away: reset"),
            (.waited, "the broker is away: reset"),
            (.close("it was closed"), "the connection to the broker is closed"),
        ]
        for (happening, ailment) in life {
            _ = machine.handle(happening, chance: 0)
            #expect(machine.ailment == ailment)
        }
    }
}
