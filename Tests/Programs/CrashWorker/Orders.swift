// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Glibc

/// What the test wants of this process: words of the form `name=value` on its command line. What is not understood ends it with
/// status 64, so that a slip in a test is not taken for a result.
struct Orders: Sendable {
    enum Deed: String, Sendable {
        case done, retry, once, dead, park, consent, trap, hang, deaf
        /// An effect of each event at the service on the port `service`, under the policy that its id begins with; then a retry, once.
        case effect
    }

    private let values: [String: String]

    init(_ words: [String]) {
        var values: [String: String] = [:]
        for word in words {
            guard let mark = word.firstIndex(of: "=") else { Self.end(word) }
            values[String(word[..<mark])] = String(word[mark...].dropFirst())
        }
        self.values = values
    }

    /// Whether deliveries are consumed; otherwise it only publishes.
    var consumes: Bool { text("consume", or: "yes") == "yes" }
    var file: String { text("file") }
    /// The URL of a broker that the queue is on.
    var rabbit: String? { values["rabbit"] }
    /// The URL of a database that the ledger is in.
    var database: String? { values["store"] }
    var queue: String { text("queue", or: "crash") }
    /// A line for each run of the handler goes here.
    var runs: String { text("runs") }
    /// What the handler does with the event named by `for`, or with all.
    var deed: Deed { Deed(rawValue: text("deed", or: "done")) ?? Self.refuse("deed") }
    var target: String? { values["for"] }
    var spans: String? { values["spans"] }
    /// What the handler asks for among events of one partition key.
    var order: EventOrder {
        switch text("order", or: "exclusive") {
        case "exclusive": .exclusive
        case "strict": .strict
        case "none": .none
        default: Self.refuse("order")
        }
    }
    /// Where the process ends itself for each attempt, from the first on; the last one holds for all further attempts.
    var stages: [PipelineStage] {
        text("kill", or: "").split(separator: ",").map { PipelineStage(rawValue: String($0)) ?? Self.refuse("kill") }
    }
    /// Where the process ends itself once for each event: an attempt and a stage of the pipeline or of its effect, `1:called`.
    var point: (attempt: Int, stage: String)? {
        guard let words = values["point"]?.split(separator: ":"), words.count == 2, let attempt = Int(words[0]) else { return nil }
        let stage = String(words[1])
        if PipelineStage(rawValue: stage) == nil, EffectStage(rawValue: stage) == nil { Self.end("point") }
        return (attempt, stage)
    }
    /// Remembers over restarts in which attempts the process has ended itself: once in each.
    var kills: String { text("kills") }

    func number(_ name: String, or fallback: Int) -> Int {
        guard let text = values[name] else { return fallback }
        return Int(text) ?? Self.refuse(name)
    }

    func text(_ name: String, or fallback: String? = nil) -> String {
        values[name] ?? fallback ?? Self.refuse("\(name) is missing")
    }

    private static func refuse<Value>(_ what: String) -> Value { end(what) }

    static func end(_ what: String) -> Never {
        let line = "not understood: \(what)\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        exit(64)
    }
}
