// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import FlotillaRabbitMQ

struct SocketWatchTests {
    /// The end of an inner call was taken for that of the outer one, which could then hang unseen.
    @Test(arguments: [(1, 0, true), (1, 1, false), (2, 1, true), (2, 2, false), (3, 1, true)])
    func `a call is watched until the outermost one is over`(_ entered: Int, _ left: Int, _ isWatched: Bool) throws {
        var pair: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        let watch = SocketWatch()
        watch.opened(pair[0])
        for _ in 0..<entered { watch.enters() }
        for _ in 0..<left { watch.leaves() }
        watch.end(ifBusyFor: .zero)
        var byte: UInt8 = 0
        // An end of the stream where it was shut down, nothing yet where it was not.
        #expect((recv(pair[1], &byte, 1, Int32(MSG_DONTWAIT)) == 0) == isWatched)
    }
}
