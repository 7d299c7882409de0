// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// What a file descriptor is ready for. `hangup` and `failed` are always reported.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer has finished sending.
    package static let readClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    package static let hangup = Readiness(rawValue: EPOLLHUP.rawValue)
    package static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// One registration of a descriptor. Cancelled before the descriptor is closed.
package struct Watch: Sendable, Equatable {
    let descriptor: Int32
    let token: UInt64
}

/// The part of a Loop that its own thread alone touches.
final class LoopState {
    static let wakeupToken = UInt64.max
    let timers = TimerHeap()
    private let epoll: Int32
    private var handlers: [UInt64: (Readiness) -> Void] = [:]
    /// Tokens are never used again: an event of a watch that was cancelled earlier in the same batch finds nobody.
    private var nextToken: UInt64 = 0
    private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)

    init(epoll: Int32) {
        self.epoll = epoll
    }

    deinit {
        events.deallocate()
    }

    func watch(_ descriptor: Int32, for interest: Readiness, _ handler: @escaping (Readiness) -> Void) throws(LoopFailure) -> Watch {
        let watch = Watch(descriptor: descriptor, token: nextToken)
        nextToken += 1
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: watch.token))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw .system("epoll_ctl", errno) }
        handlers[watch.token] = handler
        return watch
    }

    func change(_ watch: Watch, to interest: Readiness) {
        guard handlers[watch.token] != nil else { return }
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: watch.token))
        epoll_ctl(epoll, EPOLL_CTL_MOD, watch.descriptor, &event)
    }

    func cancel(_ watch: Watch) {
        guard handlers.removeValue(forKey: watch.token) != nil else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, watch.descriptor, nil)
    }

    /// How many descriptors are ready. Without waiting, unless there is nothing else to do.
    func wait(forever: Bool) -> Int {
        Int(epoll_wait(epoll, events.baseAddress, Int32(events.count), forever ? timers.millisecondsToNext : 0))
    }

    func dispatch(_ count: Int, wakeup: Int32) {
        guard count > 0 else { return }
        for event in events.prefix(count) {
            if event.data.u64 == Self.wakeupToken {
                var value: UInt64 = 0
                _ = read(wakeup, &value, 8)
            } else {
                handlers[event.data.u64]?(Readiness(rawValue: event.events))
            }
        }
    }

    func close() {
        handlers = [:]
        Glibc.close(epoll)
    }
}
