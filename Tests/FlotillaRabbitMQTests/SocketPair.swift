// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Two ends of one connection. The near one holds little and never waits; both are closed by whoever uses them. Apart from tests that import
/// librabbitmq, whose headers take the names of sockets for their own.
struct SocketPair {
    let near: Int32
    let far: Int32

    struct Failed: Error {}

    init() throws {
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else { throw Failed() }
        (near, far) = (pair[0], pair[1])
        var size: Int32 = 4096
        setsockopt(near, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(near, F_SETFL, O_NONBLOCK)
    }

    func closeNear() { close(near) }
    func closeFar() { close(far) }

    /// All that comes until the near end closes.
    func received() -> [UInt8] {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 10_000)
        while true {
            let count = recv(far, &part, part.count, 0)
            guard count > 0 else { return all }
            all += part.prefix(count)
        }
    }
}
