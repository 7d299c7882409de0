// SPDX-License-Identifier: Apache-2.0

internal import Testing

@testable internal import FlotillaWorkers

struct PlanCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let sizes: [Int]
    let fileSize: Int
    var age: Duration = .zero
    let plan: BatchPlan

    static let all = [
        PlanCase(testDescription: "all fit into an empty file", sizes: [10, 20, 30], fileSize: 0, plan: .write(3)),
        PlanCase(testDescription: "all fit exactly", sizes: [10, 20, 30], fileSize: 40, plan: .write(3)),
        PlanCase(
            testDescription: "one byte too much: the last waits for the next file", sizes: [10, 20, 31], fileSize: 40, plan: .write(2)),
        PlanCase(testDescription: "not even the first fits", sizes: [61], fileSize: 40, plan: .rotate),
        PlanCase(testDescription: "larger than the limit, but the file is empty: alone", sizes: [500, 1], fileSize: 0, plan: .write(1)),
        PlanCase(testDescription: "larger than the limit comes second: not with others", sizes: [1, 500], fileSize: 0, plan: .write(1)),
        PlanCase(testDescription: "larger than the limit, and the file is not empty", sizes: [500], fileSize: 1, plan: .rotate),
        PlanCase(testDescription: "the file is too large already", sizes: [1], fileSize: 500, plan: .rotate),
        PlanCase(testDescription: "the file is too old", sizes: [1], fileSize: 1, age: .seconds(60), plan: .rotate),
        PlanCase(testDescription: "the file is nearly too old", sizes: [1], fileSize: 1, age: .milliseconds(59_999), plan: .write(1)),
        PlanCase(testDescription: "an empty file has no age", sizes: [1], fileSize: 0, age: .seconds(60), plan: .write(1)),
        PlanCase(testDescription: "a clock that was set back", sizes: [1], fileSize: 1, age: .seconds(-60), plan: .write(1)),
    ]
}

@Suite struct BatchPlanTests {
    @Test("A batch is as many records as fit into the file", arguments: PlanCase.all)
    func plan(_ plan: PlanCase) {
        var limits = FileSinkSettings(path: "x")
        limits.maxBytes = 100
        limits.maxAge = .seconds(60)
        #expect(BatchPlan(plan.sizes, fileSize: plan.fileSize, age: plan.age, limits: limits) == plan.plan)
    }

    @Test func `A batch ends where the buffer would grow too large, but a larger record goes alone`() {
        let limits = FileSinkSettings(path: "x")
        let half = BatchPlan.byteLimit / 2
        #expect(BatchPlan([half, half, 1], fileSize: 0, age: .zero, limits: limits) == .write(2))
        #expect(BatchPlan([3 * half, 1], fileSize: 5, age: .zero, limits: limits) == .write(1))
    }
}
