// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A connection that has sent something and goes no further, until the test closes it.
struct HeldConnection {
    private let descriptor: Int32

    init(_ port: UInt16, _ text: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let bytes = Array(text.utf8)
        guard Ports.withLoopback(port, { connect(descriptor, $0, $1) }) == 0,
            send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else {
            let code = errno
            Glibc.close(descriptor)
            throw Wire.Failure.refused(code)
        }
    }

    func close() { Glibc.close(descriptor) }
}
