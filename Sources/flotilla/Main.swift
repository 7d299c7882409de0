// SPDX-License-Identifier: Apache-2.0

internal import CBench
@main struct Main {
    static func main() async {
        let bench = LocalBench(folder: CommandLine.arguments[1], seconds: Int(CommandLine.arguments[2]) ?? 5)
        do {
            let f = try await bench.run()
            print(f.eventsPerSecond, f.percentile(0.5), f.percentile(0.99))
            var single = bench
            single.publishers = 1
            single.folder += "/single"
            let s = try await single.run()
            print("single", s.percentile(0.5), s.percentile(0.99))
        } catch { print(error) }
        let c = bench.bareLoop()
        print(c)
        print("fdatasync", flotilla_bench_fdatasync("\(bench.folder)/sync", 500))
    }
}
