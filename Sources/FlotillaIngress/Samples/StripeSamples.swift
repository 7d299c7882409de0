// SPDX-License-Identifier: Apache-2.0

enum StripeSamples {
    static let all = [
        Sample("invoice.paid", event("invoice.paid", invoice)),
        Sample("payment_intent.succeeded", event("payment_intent.succeeded", payment)),
        Sample("customer.subscription.updated", event("customer.subscription.updated", subscription)),
        Sample("charge.refunded", event("charge.refunded", charge)),
    ]

    private static func event(_ type: String, _ object: String) -> String {
        #"{"id":"evt_$ID","object":"event","api_version":"2026-06-30.basil","created":$SECONDS,"livemode":false,"pending_webhooks":1,"#
            + #""type":"\#(type)","account":"acct_1Q0Harbor","request":{"id":null,"idempotency_key":null},"data":{"object":\#(object)}}"#
    }

    private static let invoice = #"""
        {"id":"in_1PkTHarbor","object":"invoice","customer":"cus_QbNordlicht","customer_email":"buchhaltung@nordlicht.example","currency":"eur",
        "amount_due":12900,"amount_paid":12900,"amount_remaining":0,"number":"2026-0117","status":"paid","subscription":"sub_1PkT","lines":{
        "object":"list","data":[{"id":"il_1","amount":12900,"description":"3 × Plan Team","quantity":3}],"has_more":false}}
        """#

    private static let payment = #"""
        {"id":"pi_3PkTHarbor","object":"payment_intent","amount":4300,"amount_received":4300,"currency":"eur","customer":"cus_QbNordlicht",
        "latest_charge":"ch_3PkTHarbor","payment_method_types":["card"],"status":"succeeded","metadata":{"order":"820982911946154508"}}
        """#

    private static let subscription = #"""
        {"id":"sub_1PkT","object":"subscription","customer":"cus_QbNordlicht","status":"active","cancel_at_period_end":true,"items":{
        "object":"list","data":[{"id":"si_Q1","quantity":3,"price":{"id":"price_1","unit_amount":4300,"currency":"eur"}}]}}
        """#

    private static let charge = #"""
        {"id":"ch_3PkTHarbor","object":"charge","amount":4300,"amount_refunded":4300,"currency":"eur","refunded":true,"status":"succeeded",
        "payment_intent":"pi_3PkTHarbor","billing_details":{"name":"Inês Duarte","email":"ines@example.com"}}
        """#
}
