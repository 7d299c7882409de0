// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Testing

@testable internal import FlotillaWorkers

@Suite struct LogSinksTests {
    private func read(_ value: String?) -> (sinks: [LogSinkSettings], faults: [ConfigurationFault]) {
        var configuration = Configuration(environment: value.map { ["FLOTILLA_LOG_SINKS": $0] } ?? [:])
        let sinks = LogSinks.settings(reading: &configuration)
        do throws(ConfigurationFaults) {
            _ = try configuration.finish()
            return (sinks, [])
        } catch {
            return (sinks, error.faults)
        }
    }

    private func file(_ sink: LogSinkSettings?) -> FileSinkSettings? {
        if case .file(let settings) = sink?.kind { settings } else { nil }
    }

    @Test func `Without a word there is one file, and its worker takes the queue log-sink`() {
        let (sinks, faults) = read(nil)
        #expect(faults == [])
        #expect(sinks.map(\.name) == ["file"])
        #expect(sinks.map(\.queue) == ["log-sink"])
        #expect(file(sinks.first) == FileSinkSettings(path: "var/log/flotilla.jsonl"))
    }

    @Test func `Several sinks have a queue each, by their names`() {
        let (sinks, faults) = read("file:a.jsonl\n file:b.jsonl?name=audit")
        #expect(faults == [])
        #expect(sinks.map(\.queue) == ["log-sink.file", "log-sink.audit"])
    }

    @Test(
        "A path is taken as URLs write it",
        arguments: [
            ("file:x", "x"), ("FILE:/var/x.log", "/var/x.log"), ("file:///var/x.log", "/var/x.log"), ("file:a%20b%3Fc", "a b?c"),
            ("file:%C3%A4.log?keep=3", "ä.log"), ("file:a:b=c", "a:b=c"),
        ])
    func paths(word: String, path: String) {
        let (sinks, faults) = read(word)
        #expect(faults == [])
        #expect(file(sinks.first)?.path == path)
    }

    @Test func `Size, age and number are read with their units`() {
        let sink = file(read("file:x?max-bytes=64KiB&max-age=36h&keep=3&name=a-1_b").sinks.first)
        #expect(sink?.maxBytes == 65_536)
        #expect(sink?.maxAge == .seconds(36 * 3600))
        #expect(sink?.keep == 3)
    }

    @Test(
        "What is wrong is named by the sink's number, with what would be right",
        arguments: [
            (" ", "FLOTILLA_LOG_SINKS must name at least one sink"), ("var/log/x", "(sink 1) must be a URL"),
            ("file:", "(sink 1) must name a file"),
            ("file:a/", "(sink 1) must name a file"), ("file:a%00b", "(sink 1) must name a file"),
            ("file://host/a", "(sink 1) must name a file"),
            ("file:a%2", "(sink 1) must be a URL"), ("file:a%+1", "(sink 1) must be a URL"), ("file:a%FF", "(sink 1) must be a URL"),
            ("files:a", "(sink 1) must be of a kind that there is: file"), ("http://x/", "(sink 1) must be of a kind"),
            ("file:a?max-bytes=999", "(sink 1) must have max-bytes from 1KB to 1TB"),
            ("file:a?max-bytes=big", "(sink 1) must have max-bytes"),
            ("file:a?max-age=0", "(sink 1) must have a max-age"), ("file:a?max-age=", "(sink 1) must have a max-age"),
            ("file:a?keep=0", "(sink 1) must have keep from 1"), ("file:a?keep=1.5", "(sink 1) must have keep"),
            ("file:a?max-byte=1MB", "(sink 1) may have the query items max-bytes, max-age, keep and name"),
            ("file:a?keep=1&keep=2", "(sink 1) must have each query item once"), ("file:a?name=A", "(sink 1) must have a name of"),
            ("file:a?name=", "(sink 1) must have a name of"), ("file:a?name=dead", "not dead or parked"),
            ("file:a file:b", "(sink 2) must have a name of its own"),
            ("file:a file:b?name=x file:c?name=x", "(sink 3) must have a name of its own"),
            ("file:a file:a?name=b", "(sink 2) must write elsewhere"),
        ])
    func faults(value: String, expected: String) {
        let faults = read(value).faults
        #expect(faults.count == 1)
        #expect(faults.first?.description.contains(expected) == true, "\(faults)")
    }

    @Test func `All faulty sinks are reported at once, and nothing of their values`() {
        let faults = read("file:?keep=s3cret https://user:s3cret@host/ file:ok?keep=s3cret").faults
        #expect(faults.map(\.name) == (1...3).map { "FLOTILLA_LOG_SINKS (sink \($0))" })
        #expect(!"\(faults)".contains("s3cret"))
    }
}
