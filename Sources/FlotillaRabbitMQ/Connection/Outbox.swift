// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import Glibc

/// Messages in the frames of AMQP 0-9-1, gathered so that those of a turn leave by one call: librabbitmq makes three calls for each. Made
/// with a connection without TLS, and used by its thread; what is in here leaves before anything else is sent.
final class Outbox {
    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 8)
    private var used = 0

    /// What a frame has around its payload: kind, channel and length before it, one byte behind it.
    private static let frameHead = 7
    private static let frameEnd: UInt8 = 0xCE
    private static let basic: UInt16 = 60

    deinit {
        bytes.deallocate()
    }

    /// False, and nothing of it taken, when there is no room for it, or its body is not one frame.
    func take(
        _ method: amqp_basic_publish_t, _ properties: amqp_basic_properties_t, _ body: amqp_bytes_t, on channel: UInt16, frameLimit: Int
    ) -> Bool {
        guard body.len > 0, body.len + Self.frameHead + 1 <= frameLimit else { return false }
        let before = used
        if put(method, channel), put(properties, bodyOf: body.len, channel), put(body, channel) { return true }
        used = before
        return false
    }

    /// Waits for as long as the broker takes nothing, as librabbitmq does: SocketWatch ends that.
    func leave(by descriptor: Int32) throws(LinkFailure) {
        var sent = 0
        defer { used = 0 }
        while sent < used {
            let count = send(descriptor, bytes.baseAddress.map { $0 + sent }, used - sent, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                throw .status("publishing", AMQP_STATUS_SOCKET_ERROR.rawValue)
            }
        }
    }

    // MARK: Frames

    private func put(_ method: amqp_basic_publish_t, _ channel: UInt16) -> Bool {
        var method = method
        return frame(AMQP_FRAME_METHOD, channel, head: 4) { head, rest in
            head.storeBytes(of: flotilla_basic_publish.bigEndian, as: UInt32.self)
            return amqp_encode_method(flotilla_basic_publish, &method, rest)
        }
    }

    private func put(_ properties: amqp_basic_properties_t, bodyOf length: Int, _ channel: UInt16) -> Bool {
        var properties = properties
        return frame(AMQP_FRAME_HEADER, channel, head: 12) { head, rest in
            head.storeBytes(of: Self.basic.bigEndian, as: UInt16.self)
            head.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
            head.storeBytes(of: UInt64(length).bigEndian, toByteOffset: 4, as: UInt64.self)
            return amqp_encode_properties(Self.basic, &properties, rest)
        }
    }

    private func put(_ body: amqp_bytes_t, _ channel: UInt16) -> Bool {
        frame(AMQP_FRAME_BODY, channel, head: body.len) { head, _ in
            head.copyMemory(from: UnsafeRawBufferPointer(start: body.bytes, count: body.len))
            return 0
        }
    }

    /// `payload` fills its head, which has a known length, and says how much of the rest it took; less than nothing when that does not
    /// suffice.
    private func frame(
        _ kind: Int32, _ channel: UInt16, head: Int, _ payload: (UnsafeMutableRawBufferPointer, amqp_bytes_t) -> Int32
    ) -> Bool {
        let begin = used + Self.frameHead
        guard begin + head < bytes.count else { return false }
        let room = UnsafeMutableRawBufferPointer(rebasing: bytes[begin + head..<bytes.count - 1])
        let length = payload(
            UnsafeMutableRawBufferPointer(rebasing: bytes[begin..<begin + head]), amqp_bytes_t(len: room.count, bytes: room.baseAddress))
        guard length >= 0 else { return false }
        let count = head + Int(length)
        bytes[used] = UInt8(kind)
        bytes.storeBytes(of: channel.bigEndian, toByteOffset: used + 1, as: UInt16.self)
        bytes.storeBytes(of: UInt32(count).bigEndian, toByteOffset: used + 3, as: UInt32.self)
        bytes[begin + count] = Self.frameEnd
        used = begin + count + 1
        return true
    }
}
