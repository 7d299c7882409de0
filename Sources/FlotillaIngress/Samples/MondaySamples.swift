// SPDX-License-Identifier: Apache-2.0

enum MondaySamples {
    static let all = [
        Sample(
            "create_pulse",
            event("create_pulse", #""pulseName":"Order a new lens","groupId":"topics","groupName":"North tower","columnValues":{}"#)),
        Sample(
            "change_column_value",
            event(
                "change_column_value",
                #""columnId":"status","columnType":"color","columnTitle":"Status","value":{"label":{"index":1,"text":"Done"}},"previousValue":null,"changedAt":$SECONDS.25"#
            )),
        Sample(
            "create_update",
            event("create_update", #""body":"<p>The lens has arrived.</p>","textBody":"The lens has arrived.","updateId":1190616784"#)),
    ]

    private static func event(_ type: String, _ rest: String) -> String {
        #"{"event":{"type":"\#(type)","triggerUuid":"$ID","userId":9603417,"originalTriggerUuid":null,"boardId":1771812698,"#
            + #""pulseId":1772099344,"app":"monday","triggerTime":"$TIME","subscriptionId":73759690,\#(rest)}}"#
    }
}
