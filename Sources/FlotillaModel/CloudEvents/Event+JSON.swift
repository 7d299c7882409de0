// SPDX-License-Identifier: Apache-2.0

/// CloudEvents' JSON format, structured and batched. Data come back byte by byte as they went in.
extension Event {
    package static let contentType = "application/cloudevents+json"
    package static let batchContentType = "application/cloudevents-batch+json"

    /// Data that are nested deeper travel as Base64: as a part of the document they would break its reader's limit.
    private static let dataDepth = JSONScanner.defaultDepth - 8

    package var json: [UInt8] {
        var writer = JSONWriter(capacity: data.count + 512)
        write(to: &writer)
        return writer.bytes
    }

    package static func json(batch events: some Sequence<Event>) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { writer in
            for event in events { event.write(to: &writer) }
        }
        return writer.bytes
    }

    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("specversion", "1.0")
            writer.member("id", id)
            writer.member("source", source)
            writer.member("type", type)
            if let time { writer.member("time", time.description) }
            if let subject { writer.member("subject", subject) }
            if let dataContentType { writer.member("datacontenttype", dataContentType) }
            if let dataSchema { writer.member("dataschema", dataSchema) }
            for (name, value) in extensions.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
            guard !data.isEmpty else { return }
            if isPlainJSON {
                writer.key("data")
                writer.raw(data)
            } else {
                writer.member("data_base64", Base64.encode(data))
            }
        }
    }

    /// Whether the data can stand in the document as they are, and be cut out of it unchanged: JSON with no blanks around it. A null
    /// alone would come back as no data.
    private var isPlainJSON: Bool {
        guard MediaType.isJSON(dataContentType), let first = data.first, let last = data.last, first > 0x20, last > 0x20 else {
            return false
        }
        guard !data.elementsEqual("null".utf8) else { return false }
        do {
            try JSONFields.check(data, depthLimit: Self.dataDepth)
            return true
        } catch {
            return false
        }
    }

    package init(json bytes: [UInt8]) throws(UnreadableEvent) {
        self = try bytes.read { (buffer) throws(UnreadableEvent) in
            var reader = EventReader(buffer)
            return try reader.single()
        }
    }

    package static func batch(json bytes: [UInt8], limit: Int) throws(UnreadableEvent) -> [Event] {
        try bytes.read { (buffer) throws(UnreadableEvent) in
            var reader = EventReader(buffer)
            return try reader.batch(limit: limit)
        }
    }
}

extension [UInt8] {
    fileprivate func read<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(UnreadableEvent) -> Result
    ) throws(UnreadableEvent) -> Result {
        try withUnsafeBufferPointer { (buffer) throws(UnreadableEvent) in try body(buffer) }
    }
}
