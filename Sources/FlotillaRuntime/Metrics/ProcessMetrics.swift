// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What Prometheus' own client libraries say of their process, under the same names, read from /proc when asked.
/// What can't be read is left out.
enum ProcessMetrics {
    static func read() -> [MetricFamily] {
        var families: [MetricFamily] = []
        func add(_ name: String, _ help: String, kind: String = "gauge", _ value: Double?) {
            guard let value else { return }
            var family = MetricFamily(name: name, help: help, kind: kind, labels: [])
            family.add(.reading(value), [])
            families.append(family)
        }
        let stat = Stat()
        add("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", kind: "counter", stat?.cpuSeconds)
        add("process_resident_memory_bytes", "Resident memory size in bytes.", stat?.residentBytes)
        add("process_virtual_memory_bytes", "Virtual memory size in bytes.", stat?.virtualBytes)
        add("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", stat?.startSeconds)
        add("process_open_fds", "Number of open file descriptors.", openDescriptors())
        add("process_max_fds", "Maximum number of open file descriptors.", maximumDescriptors())
        return families
    }

    private struct Stat {
        let cpuSeconds: Double
        let residentBytes: Double
        let virtualBytes: Double
        let startSeconds: Double?

        init?() {
            // The second field, the program's name in parentheses, may hold spaces and parentheses itself.
            guard let text = ProcessMetrics.text("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
            let fields = text[text.index(after: end)...].split(separator: " ").map { Double($0) }
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            guard fields.count > 21, let user = fields[11], let system = fields[12], let start = fields[19], let size = fields[20],
                let pages = fields[21], ticks > 0
            else { return nil }
            cpuSeconds = (user + system) / ticks
            virtualBytes = size
            residentBytes = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
            startSeconds = Stat.bootSeconds.map { $0 + start / ticks }
        }

        private static var bootSeconds: Double? {
            let line = ProcessMetrics.text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            return line.flatMap { Double($0.dropFirst(6)) }
        }
    }

    private static func openDescriptors() -> Double? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Not counted: the folder itself, its parent, and the descriptor that reads it.
        return Double(count - 3)
    }

    private static func maximumDescriptors() -> Double? {
        let line = text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        return line?.split(separator: " ").dropFirst(3).first.flatMap { Double($0) }
    }

    private static func text(_ path: String) -> String? {
        (try? SmallFile.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }
}
