// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Opens the listening sockets of a server, one for each loop, all of them on one port.
enum ListeningSocket {
    static let backlog: Int32 = 1024

    /// The first socket is bound as if it were the only one, so that the kernel says when the port is somebody else's (with SO_REUSEPORT
    /// it would silently share it). Only then the option is set, before anything listens, and the others join.
    static func open(_ address: ListenAddress, count: Int) throws(ServerFailure) -> (sockets: [Int32], port: UInt16) {
        var sockets: [Int32] = []
        do throws(ServerFailure) {
            let first = try bound(address, shared: false)
            sockets.append(first)
            let port = try port(of: first)
            if count > 1 { try share(first) }
            for _ in 1..<max(1, count) { sockets.append(try bound(address.with(port: port), shared: true)) }
            for socket in sockets { guard listen(socket, backlog) == 0 else { throw Self.failure("listen", address) } }
            return (sockets, port)
        } catch {
            for socket in sockets { close(socket) }
            throw error
        }
    }

    private static func bound(_ address: ListenAddress, shared: Bool) throws(ServerFailure) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw failure("socket", address) }
        do throws(ServerFailure) {
            // REUSEADDR: a restart doesn't wait for the last connections of the one before. NODELAY is handed down to what is accepted.
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR)
            try set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
            if shared { try share(descriptor) }
            guard address.withSocketAddress({ bind(descriptor, $0, $1) }) == 0 else { throw failure("bind", address) }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func share(_ descriptor: Int32) throws(ServerFailure) {
        try set(descriptor, SOL_SOCKET, SO_REUSEPORT)
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) throws(ServerFailure) {
        var on: Int32 = 1
        guard setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw .system("setsockopt", errno)
        }
    }

    private static func port(of descriptor: Int32) throws(ServerFailure) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard code == 0 else { throw .system("getsockname", errno) }
        // The port lies at the same place in both families.
        return UInt16(bigEndian: address.sin6_port)
    }

    private static func failure(_ call: String, _ address: ListenAddress) -> ServerFailure {
        switch errno {
        case EADDRINUSE: .addressInUse(address)
        case EADDRNOTAVAIL: .addressNotHere(address)
        case EACCES: .addressForbidden(address)
        default: .system(call, errno)
        }
    }
}

/// Why a server did not start.
package enum ServerFailure: Error, Equatable, CustomStringConvertible {
    case addressInUse(ListenAddress)
    case addressNotHere(ListenAddress)
    case addressForbidden(ListenAddress)
    case started
    case noLoop
    case system(String, Int32)

    package var description: String {
        switch self {
        case .addressInUse(let address): "address \(address) is already in use"
        case .addressNotHere(let address): "address \(address) does not belong to this machine"
        case .addressForbidden(let address): "address \(address) may not be listened on by this user"
        case .started: "the server was started before"
        case .noLoop: "a server needs at least one loop"
        case .system(let call, let code): "\(call) failed: \(String(cString: strerror(code)))"
        }
    }
}
