// SPDX-License-Identifier: Apache-2.0

enum HubSpotSamples {
    static let all = [
        Sample(
            "contact.propertyChange",
            event("contact.propertyChange", #""propertyName":"email","propertyValue":"ines@example.com","changeSource":"CRM""#)),
        Sample("contact.creation", event("contact.creation", #""changeFlag":"CREATED","changeSource":"INTEGRATION""#)),
        Sample(
            "deal.propertyChange",
            event("deal.propertyChange", #""propertyName":"dealstage","propertyValue":"closedwon","changeSource":"CRM_UI""#)),
        Sample("company.deletion", event("company.deletion", #""changeFlag":"DELETED","changeSource":"CRM""#)),
    ]

    private static func event(_ type: String, _ rest: String) -> String {
        #"[{"eventId":$NUMBER,"subscriptionId":2815117,"portalId":62515,"appId":54321,"occurredAt":$MILLISECONDS,"subscriptionType":"\#(type)","#
            + #""attemptNumber":0,"objectId":1246965,\#(rest)}]"#
    }
}
