// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
package import FlotillaRuntime

/// The sinks that `FLOTILLA_LOG_SINKS` names: read once at start, each then opened by whoever runs its worker.
package enum LogSinks {
    /// The worker's name in routes; also its queue, where there is one sink alone.
    package static let worker = "log-sink"
    /// What comes to every sink, whatever else is routed to the worker.
    package static let binding = "log.#"

    /// Faults are reported through the configuration; what is faulty is left out here.
    package static func settings(reading configuration: inout Configuration) -> [LogSinkSettings] {
        let words = configuration.words(.logSinks)
        if words.isEmpty {
            configuration.fault(Variable.logSinks.name, "must name at least one sink, such as file:var/log/flotilla.jsonl")
        }
        var sinks: [(name: String, kind: LogSinkSettings.Kind)] = []
        for (index, word) in words.enumerated() {
            do throws(SinkFault) {
                let sink = try parse(word)
                if sinks.contains(where: { $0.name == sink.name }) {
                    throw SinkFault("must have a name of its own: add ?name= with another one")
                }
                if sinks.contains(where: { $0.kind.isSameTarget(as: sink.kind) }) {
                    throw SinkFault("must write elsewhere than the sinks before it: each gets every event")
                }
                sinks.append(sink)
            } catch {
                configuration.fault("\(Variable.logSinks.name) (sink \(index + 1))", error.remedy)
            }
        }
        return sinks.map { sink in
            LogSinkSettings(name: sink.name, queue: words.count == 1 ? worker : "\(worker).\(sink.name)", kind: sink.kind)
        }
    }

    private static func parse(_ word: String) throws(SinkFault) -> (name: String, kind: LogSinkSettings.Kind) {
        guard let url = SinkURL(word) else { throw SinkFault("must be a URL such as file:var/log/flotilla.jsonl?max-bytes=100MB") }
        guard Set(url.items.map(\.name)).count == url.items.count else { throw SinkFault("must have each query item once") }
        let name = url.items.first { $0.name == "name" }?.value ?? url.scheme
        switch url.scheme {
        case "file":
            guard isName(name) else { throw SinkFault("must have \(nameRule)") }
            return (name, .file(try FileSinkSettings(url)))
        default: throw SinkFault("must be of a kind that there is: file")
        }
    }

    private static let nameRule = "a name of 1 to 32 lower-case letters, digits, - and _, which is not dead or parked"

    /// It becomes a part of a queue's name. `log-sink.dead` would take the dead letters of a fleet that had one sink before.
    private static func isName(_ name: String) -> Bool {
        let plain = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
        return plain && (1...32).contains(name.utf8.count) && name != "dead" && name != "parked"
    }
}

/// What is wrong with one sink's URL. Holds nothing of the URL, which may contain a password.
struct SinkFault: Error {
    let remedy: String

    init(_ remedy: String) {
        self.remedy = remedy
    }
}
