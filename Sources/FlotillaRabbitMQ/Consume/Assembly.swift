// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ

/// Puts together one message out of its frames, which come when they come: librabbitmq's own call would wait for them.
struct Assembly {
    struct Message {
        let number: UInt64
        let head: MessageHead
        let body: [UInt8]
    }

    private var number: UInt64?
    private var head: MessageHead?
    private var body: [UInt8] = []
    private var remaining: UInt64 = 0

    /// The message, with its last frame.
    mutating func take(_ frame: amqp_frame_t) throws(LinkFailure) -> Message? {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD:
            guard number == nil, let deliver = frame.payload.method.decoded(as: amqp_basic_deliver_t.self) else { throw Self.disorder }
            number = deliver.delivery_tag
            return nil
        case AMQP_FRAME_HEADER:
            guard number != nil, head == nil, let decoded = frame.payload.properties.decoded else { throw Self.disorder }
            head = MessageHead(decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee)
            remaining = frame.payload.properties.body_size
            // What is announced is not believed before it has come.
            body.reserveCapacity(Int(min(remaining, 1 << 20)))
        case AMQP_FRAME_BODY:
            let fragment = frame.payload.body_fragment
            guard head != nil, fragment.len > 0, UInt64(fragment.len) <= remaining else { throw Self.disorder }
            body.append(contentsOf: HeaderTable.buffer(fragment))
            remaining -= UInt64(fragment.len)
        default:
            throw Self.disorder
        }
        guard remaining == 0, let number, let head else { return nil }
        let message = Message(number: number, head: head, body: body)
        self = Assembly()
        return message
    }

    private static let disorder = LinkFailure.lost("the broker sent frames out of order")
}
