// SPDX-License-Identifier: Apache-2.0

enum SlackSamples {
    static let all = [
        Sample(
            "message",
            callback(
                #"{"type":"message","channel":"C0HARBOR","user":"U0MARA","text":"The lamp is dark again 🌫","ts":"$SECONDS.000200","channel_type":"channel"}"#
            )),
        Sample(
            "app_mention",
            callback(#"{"type":"app_mention","user":"U0MARA","text":"<@U0LAMP> status?","ts":"$SECONDS.000300","channel":"C0HARBOR"}"#)),
        Sample(
            "reaction_added",
            callback(
                #"{"type":"reaction_added","user":"U0JO","reaction":"fog","item":{"type":"message","channel":"C0HARBOR","ts":"$SECONDS.000200"},"item_user":"U0MARA"}"#
            )),
    ]

    private static func callback(_ event: String) -> String {
        #"{"token":"a-token-that-nobody-checks","team_id":"T0HARBOR","api_app_id":"A0LAMP","type":"event_callback","event_id":"Ev$ID","#
            + #""event_time":$SECONDS,"authorizations":[{"team_id":"T0HARBOR","user_id":"U0LAMP","is_bot":true}],"event":\#(event)}"#
    }
}
