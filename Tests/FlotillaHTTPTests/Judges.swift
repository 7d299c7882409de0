// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The tools from outside that the differential test needs: a folder with `venv/bin/python` that has httptools, and Debian's nginx.
enum TestTools {
    static var folder: String? { ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"] }
    static let nginx = "/usr/sbin/nginx"
}

/// A request as another server understood it. Bytes, since they need not be text.
struct JudgedRequest: Equatable {
    var method: String
    var target: String
    var body: [UInt8]
}

/// llhttp, asked about all cases in one go.
enum Llhttp {
    static func judge(_ cases: [[UInt8]]) throws -> [[JudgedRequest]] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(TestTools.folder ?? "")/venv/bin/python")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../Judges/llhttp_judge.py")
        process.arguments = [script.path]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let text = cases.map { Data($0).base64EncodedString() }.joined(separator: "\n") + "\n"
        // Written from a thread of its own: both pipes are small.
        Thread.detachNewThread {
            try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try? input.fileHandleForWriting.close()
        }
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try answer.split(separator: UInt8(ascii: "\n")).map { line in
            try JSONDecoder().decode([[Data]].self, from: line).map { parts in
                JudgedRequest(
                    method: String(decoding: parts[0], as: UTF8.self), target: String(decoding: parts[1], as: UTF8.self),
                    body: Array(parts[2]))
            }
        }
    }
}

/// nginx on a loopback port, with a folder of its own. It reads each request to its end (it passes it on to itself), then says what it saw.
final class Nginx {
    private let process = Process()
    private let folder: URL
    let port: UInt16

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "flotilla-nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = UInt16(try Ports.free())
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }.joined(
            separator: " ")
        let configuration = """
            daemon off; worker_processes 1; pid \(folder.path)/pid; error_log \(folder.path)/error.log crit;
            events { worker_connections 256; }
            http {
                access_log off; \(temporary) client_body_buffer_size 1m; client_max_body_size 16m; lingering_close off;
                large_client_header_buffers 4 16k;
                server {
                    listen 127.0.0.1:\(port);
                    location / { proxy_pass http://unix:\(folder.path)/self; proxy_ignore_client_abort on; proxy_pass_request_headers off; }
                }
                server { listen unix:\(folder.path)/self; location / { return 202 "$request_method $http_content_length"; } }
            }
            """
        let file = folder.appending(path: "nginx.conf")
        try Data(configuration.utf8).write(to: file)
        process.executableURL = URL(fileURLWithPath: TestTools.nginx)
        process.arguments = ["-c", file.path, "-p", folder.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func end() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The answers to these bytes, until nginx closes: each as its status and the text, `POST 5` for a method and the length of its body.
    func judge(_ bytes: [UInt8]) throws -> [(status: Int, text: String)] {
        let client = try RawClient(port: port)
        try? client.send(bytes)
        client.finishSending()
        var answers: [(Int, String)] = []
        while let answer = try? client.answer() {
            if answer.status != 100 { answers.append((answer.status, answer.body)) }
        }
        return answers
    }
}
