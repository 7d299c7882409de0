// SPDX-License-Identifier: Apache-2.0

/// Payments, beside Stripe.
enum MoneySamples {
    static let paypal = [
        Sample(
            "PAYMENT.CAPTURE.COMPLETED",
            #"""
            {"id":"WH-$ID","event_version":"1.0","create_time":"$TIME","resource_type":"capture","resource_version":"2.0",
            "event_type":"PAYMENT.CAPTURE.COMPLETED","summary":"Payment completed for EUR 43.0 EUR","resource":{"id":"2GG279541U471931P","amount":{
            "value":"43.00","currency_code":"EUR"},"status":"COMPLETED","final_capture":true},"links":[]}
            """#)
    ]

    static let square = [
        Sample(
            "payment.updated",
            #"""
            {"merchant_id":"6SSW7HV8K2ST5","type":"payment.updated","event_id":"$ID","created_at":"$TIME","data":{"type":"payment","id":"hYy9pRFVxpDsO1FB05SunFWUe9JZY",
            "object":{"payment":{"id":"hYy9pRFVxpDsO1FB05SunFWUe9JZY","status":"COMPLETED","amount_money":{"amount":4300,"currency":"EUR"},
            "location_id":"S8GWD5R9QB376"}}}}
            """#)
    ]

    static let paddle = [
        Sample(
            "transaction.completed",
            #"""
            {"event_id":"evt_$ID","event_type":"transaction.completed","occurred_at":"$TIME","notification_id":"ntf_01hv8x2a","data":{
            "id":"txn_01hv8wptq8987qeep44cyrewp9","status":"completed","customer_id":"ctm_01hv6y1j","currency_code":"EUR","details":{"totals":{"total":"4300"}}}}
            """#)
    ]
}
