// SPDX-License-Identifier: Apache-2.0

import FlotillaModel

/// Events with everything that an adapter could drop, change or take for something of its own.
enum SampleEvents {
    static func all() throws -> [Event] {
        var large = Array(UInt8.min...UInt8.max)
        while large.count < 16 << 20 { large += large }
        return [
            try Event(id: "1", source: "/s", type: "t"),
            try Event(id: "empty", source: "/s", type: "t", data: []),
            try Event(id: "zeros", source: "/s", type: "t", data: [0, 0, 0]),
            try Event(id: "all bytes", source: "/s", type: "t", data: Array(0...255)),
            try Event(
                id: "a=b\"'; DROP TABLE event; --%s", source: "https://example.com/a?b=c&d#e", type: "T.ü.語",
                time: Timestamp(microseconds: 1_767_225_600_123_456), subject: "語 =\u{301} 🇨🇭",
                dataContentType: "text/plain; charset=\"utf-8\"",
                dataSchema: "https://example.com/schema", extensions: [:], data: [0xFF]),
            try Event(id: "before 1970", source: "/s", type: "t", time: Timestamp(microseconds: -1)),
            try Event(
                id: "extensions", source: "/s", type: "t",
                extensions: [
                    "tenant": "t=1", "empty": "", "equals": "=", "lines": "a=b;c=d", "mark": "\u{301}begins with a combining mark",
                    "joiner": "\u{200D}x", "emoji": "👩‍👩‍👧=🇨🇭", "next": "a\u{85}b\u{2028}c", "traceparent": "00-ab-cd-01",
                ]),
            // Two spellings of one character are two texts.
            try Event(id: "e\u{301}", source: "/s", type: "t", extensions: ["a": "e\u{301}"]),
            try Event(id: "é", source: "/s", type: "t", extensions: ["a": "é"]),
            try Event(id: "large", source: "/s", type: "t", data: large),
        ]
    }

    /// Every text of an event as its bytes: strings that look the same are equal in Swift.
    static func bytes(_ event: Event) -> [[UInt8]] {
        let texts = [event.id, event.source, event.type, event.subject ?? "-", event.dataContentType ?? "-", event.dataSchema ?? "-"]
        let extensions = event.extensions.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        return (texts + extensions).map { Array($0.utf8) }
    }
}
