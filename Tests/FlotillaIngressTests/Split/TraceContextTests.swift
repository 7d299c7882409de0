// SPDX-License-Identifier: Apache-2.0

import FlotillaIngress
import FlotillaModel
import Testing

@Suite struct TraceContextTests {
    static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    static func trace(_ headers: [(name: String, value: String)]) throws -> Event {
        try SplitTests.split("github", type: "push", body: "{}", adding: headers).event
    }

    @Test(
        "a well-formed context goes on with the event, later versions included", arguments: [parent, "cc" + parent.dropFirst(2) + "-more"])
    func kept(parent: String) throws {
        let event = try Self.trace([("traceparent", parent), ("tracestate", "rojo=00f067"), ("tracestate", "congo=t61")])
        #expect(event.traceParent == parent)
        #expect(event.extensions["tracestate"] == "rojo=00f067,congo=t61")
    }

    @Test(
        "a malformed state is left out, and the parent stays",
        arguments: ["", "novalue", "a=b,c", "a=\u{7F}", "a=" + String(repeating: "b", count: 600)])
    func stateDropped(state: String) throws {
        let event = try Self.trace([("traceparent", Self.parent), ("tracestate", state)])
        #expect(event.traceParent == Self.parent)
        #expect(event.extensions["tracestate"] == nil)
    }

    @Test(
        "a malformed parent is left out, and its state with it",
        arguments: [
            "", "00", "ff" + parent.dropFirst(2), parent + "-more", parent.uppercased(), String(parent.dropLast()), parent + "0",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01", "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        ])
    func dropped(parent: String) throws {
        let event = try Self.trace([("traceparent", parent), ("tracestate", "a=b")])
        #expect(event.extensions.isEmpty)
    }

    @Test("two parents are none")
    func repeated() throws {
        #expect(try Self.trace([("traceparent", Self.parent), ("Traceparent", Self.parent)]).traceParent == nil)
    }
}
