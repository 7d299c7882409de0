// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaRuntime

/// What a Line is for: publishing or consuming. Called on its Loop.
protocol LineRole: AnyObject {
    /// A new connection: nothing of the one before is left.
    func opened(_ link: Link) throws(LinkFailure)
    /// The broker takes messages again.
    func resumed()
    func received(_ frame: amqp_frame_t, on link: Link) throws(LinkFailure)
    /// Everything that had come has been received.
    func drained(_ link: Link) throws(LinkFailure)
    func lost(_ why: String)
}

/// One connection that comes back by itself, through a list of hosts. Begun by `start`, ended by `close`; whatever it does it does on
/// its Loop, which belongs to it alone: connecting and publishing block there.
final class Line {
    private let loop: Loop
    private let address: BrokerAddress
    private let name: String
    private let random: any RandomSource
    private var machine: ConnectionMachine
    private var socket: Watch?
    private var retry: LoopTimer?
    private var beat: LoopTimer?
    private(set) var link: Link?
    let watch: SocketWatch
    weak var role: (any LineRole)?
    /// Told what an operator should hear of, in words that may be shown.
    var notice: @Sendable (String) -> Void = { _ in }
    private var wasLost = false

    init(_ address: BrokerAddress, name: String, loop: Loop, watch: SocketWatch, random: any RandomSource) {
        self.address = address
        self.name = name
        self.loop = loop
        self.watch = watch
        self.random = random
        machine = ConnectionMachine(hosts: address.hosts.count)
    }

    func start() { tell(.start) }

    /// The broker hears of it, and has read before what was settled last.
    func close() {
        watch.enters()
        link?.sayGoodbye()
        watch.leaves()
        tell(.close("it was closed"))
    }

    /// May be published on: open, and not asked to wait.
    var isOpen: Bool { machine.isOpen }

    /// Runs what may block; a failure ends the connection.
    func guarded(_ body: (Link) throws(LinkFailure) -> Void) {
        guard let link else { return }
        watch.enters()
        do throws(LinkFailure) {
            try body(link)
            watch.leaves()
        } catch {
            watch.leaves()
            tell(.failed(error.description))
        }
    }

    /// Receives everything that has come.
    func drain() {
        guarded { link throws(LinkFailure) in
            var count = 0
            while let frame = try link.next() {
                if frame.channel == 0 { try serve(frame, on: link) } else { try role?.received(frame, on: link) }
                count += 1
                if count % 64 == 0 { link.release() }
            }
            link.release()
            try role?.drained(link)
        }
        watch.set(ailment: machine.ailment, isBlocked: machine.isBlocked)
    }

    private func serve(_ frame: amqp_frame_t, on link: Link) throws(LinkFailure) {
        guard frame.frame_type == UInt8(AMQP_FRAME_METHOD) else { return }
        let method = frame.payload.method
        switch method.id {
        case flotilla_connection_blocked:
            let why = method.decoded(as: amqp_connection_blocked_t.self).map { LinkFailure.words($0.reason) }
            tell(.blocked(why ?? "it is short of resources"))
        case flotilla_connection_unblocked:
            tell(.unblocked)
        case flotilla_connection_close:
            let why = method.decoded(as: amqp_connection_close_t.self).map { LinkFailure.words($0.reply_text) }
            var ok = amqp_connection_close_ok_t()
            try? link.send("closing") { amqp_send_method($0, 0, flotilla_connection_close_ok, &ok) }
            throw .lost(why ?? "the broker closed the connection")
        default:
            break
        }
    }

    // MARK: What the machine says

    private func tell(_ happening: ConnectionMachine.Happening) {
        for action in machine.handle(happening, chance: random.unit()) {
            switch action {
            case .connect(let host): connect(host)
            case .wait(let pause): retry = loop.schedule(after: pause) { [weak self] in self?.tell(.waited) }
            case .tearDown(let why):
                // Of an attempt that failed there is no link left.
                if link != nil, machine.state != .closed {
                    notice("\(name): the connection to the broker was lost: \(why)")
                    wasLost = true
                }
                tearDown(why)
            case .resume: role?.resumed()
            }
        }
        watch.set(ailment: machine.ailment, isBlocked: machine.isBlocked)
    }

    private func connect(_ host: Int) {
        guard host < address.hosts.count else { return }
        watch.enters()
        do throws(LinkFailure) {
            let link = try Link(address, host: address.hosts[host], name: name, watch: watch)
            self.link = link
            try role?.opened(link)
            do {
                socket = try loop.watch(link.descriptor, for: .readable) { [weak self] _ in self?.drain() }
            } catch {
                throw .lost("the socket can't be watched: \(error)")
            }
            watch.leaves()
        } catch {
            watch.leaves()
            drop()
            return tell(.failed(error.description))
        }
        keepBeating()
        if wasLost { notice("\(name): connected to the broker again") }
        wasLost = false
        tell(.connected)
        // What came along with the answers while it was opened.
        drain()
    }

    /// librabbitmq sends and checks heartbeats when it is asked for frames.
    private func keepBeating() {
        beat = loop.schedule(after: .seconds(Int(Link.heartbeatSeconds)) / 4) { [weak self] in
            guard let self, link != nil else { return }
            drain()
            if link != nil { keepBeating() }
        }
    }

    private func tearDown(_ why: String) {
        drop()
        role?.lost(why)
    }

    private func drop() {
        if let socket { loop.cancel(socket) }
        if let retry { loop.cancel(retry) }
        if let beat { loop.cancel(beat) }
        (socket, retry, beat) = (nil, nil, nil)
        link?.close()
        link = nil
    }
}

extension ConnectionMachine {
    /// What keeps it from publishing or delivering, in words that may be shown.
    var ailment: String? {
        switch state {
        case .open: nil
        case .blocked(_, let why): "the broker takes no messages: \(why)"
        case .closed: "the connection to the broker is closed"
        case .idle, .connecting, .lost: failure.map { "the broker is away: \($0)" } ?? "the broker is not connected yet"
        }
    }
}
