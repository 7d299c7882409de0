// SPDX-License-Identifier: Apache-2.0

package import Glibc
internal import Synchronization

/// Ports of the loopback that nobody listens on.
package enum Ports {
    struct NoneFree: Error {}

    /// Below the range from which the kernel takes those of clients: a port that a test frees by a kill must not become the other end of
    /// somebody's connection before the restart.
    private static let range = 12_000..<32_000
    /// Test processes that run at the same time begin far from each other, however near their ids are.
    private static let taken = Atomic<Int>(Int(getpid()) * 12_361 % range.count)

    /// One that was free a moment ago. Never the same one twice: whoever was given it may not listen yet.
    package static func free() throws -> Int {
        for _ in 0..<range.count {
            let port = range.lowerBound + taken.add(1, ordering: .relaxed).newValue % range.count
            if isFree(port) { return port }
        }
        throw NoneFree()
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return withLoopback(port) { bind(descriptor, $0, $1) } == 0
    }

    /// The address of this port, for `bind` and `connect`.
    package static func withLoopback<Value>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
