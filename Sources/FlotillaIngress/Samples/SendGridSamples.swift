// SPDX-License-Identifier: Apache-2.0

/// SendGrid ends its bodies with CR and LF, and signs them.
enum SendGridSamples {
    static let all = [
        Sample("delivered", event("delivered", #""response":"250 OK","ip":"192.0.2.25""#)),
        Sample("open", event("open", #""useragent":"Mozilla/5.0","ip":"192.0.2.80","sg_machine_open":false"#)),
        Sample(
            "bounce",
            event(
                "bounce",
                #""reason":"550 5.1.1 The address does not exist","status":"5.1.1","type":"bounce","bounce_classification":"Invalid Address""#
            )),
    ]

    private static func event(_ type: String, _ rest: String) -> String {
        #"[{"email":"ines@example.com","timestamp":$SECONDS,"event":"\#(type)","sg_event_id":"$ID","sg_message_id":"14c5d75ce93.dfd.64b469","#
            + #""smtp-id":"<14c5d75ce93.dfd.64b469@example.com>","category":["welcome"],\#(rest)}]"# + "\r\n"
    }
}
