// SPDX-License-Identifier: Apache-2.0

internal import CBench
internal import FlotillaRabbitMQ
internal import FlotillaRuntime

/// The same by a bare C loop over librabbitmq on one connection: the limit of any client on this broker, in the same exchange and queue.
extension RabbitBench {
    func barePublish() async throws -> Double {
        try await with { _ in
            try bare { flotilla_bench_rabbit_publish(&$0, Self.prefix + "flotilla.events", "github.push", Int64(count), Int64(lanes)) }
        }
    }

    func bareConsume() async throws -> Double {
        try await with { broker in
            try await fill(broker)
            return try bare { flotilla_bench_rabbit_consume(&$0, Self.prefix + Self.queue, Int64(count), Int32(Self.prefetch)) }
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        var description: String { "the bare loop can't reach the broker, or was not answered" }
    }

    private func bare(_ body: (inout flotilla_bench_broker) -> Double) throws -> Double {
        guard let host = address.hosts.first, let password = address.password, address.tls == nil else { throw Failure() }
        let rate = host.name.withCString { name in
            address.vhost.withCString { vhost in
                address.user.withCString { user in
                    password.expose().withCString { password in
                        var broker = flotilla_bench_broker(host: name, vhost: vhost, user: user, password: password, port: Int32(host.port))
                        return body(&broker)
                    }
                }
            }
        }
        guard rate > 0 else { throw Failure() }
        return rate
    }
}
