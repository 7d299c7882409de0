// SPDX-License-Identifier: Apache-2.0

internal import CBench
internal import FlotillaSQLite

extension HotPath {
    /// The texts as C has them, for the time of one call.
    static func withAll<Result>(_ body: (flotilla_bench_sql) -> Result) -> Result {
        let texts = [
            schema, pragmas, begin, commit, dataVersion, saveState, count, addEvent, addDelivery, fetch, hold, acknowledge, claimNew,
            endClaim,
            writeLedger,
        ].map { Array($0.utf8CString) }
        return withPointers(to: texts, at: 0, []) { text in
            body(
                flotilla_bench_sql(
                    create: text[0], pragmas: text[1], begin: text[2], commit: text[3], data_version: text[4], save_state: text[5],
                    count: text[6], add_event: text[7], add_delivery: text[8], fetch: text[9], hold: text[10], acknowledge: text[11],
                    claim: text[12], end_claim: text[13], write_ledger: text[14]))
        }
    }

    private static func withPointers<Result>(
        to texts: [[CChar]], at index: Int, _ pointers: [UnsafePointer<CChar>?], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        guard index < texts.count else { return body(pointers) }
        return texts[index].withUnsafeBufferPointer {
            withPointers(to: texts, at: index + 1, pointers + [$0.baseAddress], body)
        }
    }
}
