// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread with one epoll, timers and a mailbox. It is started by `init`, runs jobs, timers and file descriptor
/// callbacks one after the other, and ends after `stop()`, when its mailbox is empty.
///
/// An actor that owns a C handle names the Loop as its executor, so that the handle never crosses threads. As a task
/// executor it also carries whole tasks (a request of the HTTP server), which then need no hop between threads.
///
/// A callback must not block, unless blocking is what this Loop was made for (SQLite's fsync).
///
/// Sendable because `mailbox` is behind its mutex, `thread` is atomic, and `state` is touched on the loop's thread alone.
package final class Loop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    package let name: String
    private let mailbox = Mutex(Mailbox())
    private let thread = Atomic<UInt>(0)
    private let wakeup: Int32
    private let state: LoopState

    private struct Mailbox {
        var work: [LoopWork] = []
        /// True while the thread sleeps in epoll_wait or is about to: whoever puts the first work in writes the eventfd, once.
        var asleep = false
        var stopping = false
        var ended = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    package init(_ name: String) throws(LoopFailure) {
        self.name = name
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .system("epoll_create1", errno) }
        wakeup = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeup >= 0 else {
            let code = errno
            close(epoll)
            throw .system("eventfd", code)
        }
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: LoopState.wakeupToken))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event) == 0 else {
            let code = errno
            close(epoll)
            close(wakeup)
            throw .system("epoll_ctl", code)
        }
        state = LoopState(epoll: epoll)
        try start()
    }

    deinit {
        // Not when the thread ends: somebody who put something in a moment before may still be about to write to it.
        close(wakeup)
    }

    private func start() throws(LoopFailure) {
        // The thread holds the loop until it ends; `stop()` is what ends it.
        let box = Unmanaged.passRetained(self)
        var handle = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        // Without it a shell's `ulimit -s` decides, and `unlimited` means 2 MB.
        pthread_attr_setstacksize(&attributes, 8 << 20)
        let code = pthread_create(
            &handle, &attributes,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Loop>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            state.close()
            throw .system("pthread_create", code)
        }
        pthread_detach(handle)
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        put(.job(UnownedJob(job)))
    }

    package func checkIsolated() {
        precondition(isOnLoop, "not on the loop \(name)")
    }

    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    package var isOnLoop: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    // MARK: Mailbox

    /// Runs `body` on the loop, after what is already waiting. From any thread.
    package func post(_ body: @escaping @Sendable () -> Void) {
        put(.body(body))
    }

    /// Ends the thread once the mailbox is empty. Whatever uses the loop has ended before: what is posted later never runs.
    package func stop() {
        let wake = mailbox.withLock { box in
            box.stopping = true
            defer { box.asleep = false }
            return box.asleep
        }
        if wake { ring() }
    }

    /// Returns when the thread has ended.
    package func ended() async {
        await withCheckedContinuation { continuation in
            let already = mailbox.withLock { box in
                if !box.ended { box.endWaiters.append(continuation) }
                return box.ended
            }
            if already { continuation.resume() }
        }
    }

    private func put(_ work: LoopWork) {
        let wake = mailbox.withLock { box in
            box.work.append(work)
            defer { box.asleep = false }
            return box.asleep
        }
        if wake { ring() }
    }

    private func ring() {
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }

    // MARK: On the loop's thread

    /// Calls `handler` on the loop whenever the descriptor is ready, until the watch is cancelled. Level-triggered.
    package func watch(_ descriptor: Int32, for interest: Readiness, _ handler: @escaping (Readiness) -> Void) throws(LoopFailure) -> Watch
    {
        checkIsolated()
        return try state.watch(descriptor, for: interest, handler)
    }

    package func change(_ watch: Watch, to interest: Readiness) {
        checkIsolated()
        state.change(watch, to: interest)
    }

    package func cancel(_ watch: Watch) {
        checkIsolated()
        state.cancel(watch)
    }

    /// Calls `body` once on the loop, not before the delay has passed.
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> LoopTimer {
        checkIsolated()
        return state.timers.add(at: MonotonicClock.now &+ max(0, delay.inNanoseconds), body)
    }

    package func cancel(_ timer: LoopTimer) {
        checkIsolated()
        state.timers.remove(timer)
    }

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        flotilla_name_thread(String(name.prefix(15)))
        var batch: [LoopWork] = []
        while true {
            let stopping = mailbox.withLock { box in
                swap(&batch, &box.work)
                box.asleep = batch.isEmpty && !box.stopping
                return box.stopping
            }
            if batch.isEmpty && stopping { break }
            let sleeping = batch.isEmpty
            for work in batch {
                switch work {
                case .job(let job): job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                case .body(let body): body()
                }
            }
            batch.removeAll(keepingCapacity: batch.capacity <= 4096)
            let ready = state.wait(forever: sleeping)
            // Before any callback: what a callback posts must not write the eventfd.
            if sleeping { mailbox.withLock { $0.asleep = false } }
            state.dispatch(ready, wakeup: wakeup)
            state.timers.fire(upTo: MonotonicClock.now)
        }
        state.close()
        // Another thread may get the same id.
        thread.store(0, ordering: .relaxed)
        let waiters = mailbox.withLock { box in
            box.ended = true
            defer { box.endWaiters = [] }
            return box.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

enum LoopWork {
    case job(UnownedJob)
    case body(@Sendable () -> Void)
}

package enum LoopFailure: Error, Equatable, CustomStringConvertible {
    case system(String, Int32)

    package var description: String {
        switch self {
        case .system(let call, let code): "\(call) failed: \(String(cString: strerror(code)))"
        }
    }
}
