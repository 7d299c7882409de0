# SPDX-License-Identifier: Apache-2.0
"""Schemes that sign the public address of the hook."""
import hashlib
from urllib.parse import parse_qsl, unquote, urlencode

from model import NOW, Request, event, json_body, key
from plain_schemes import request, thing_at
from signed import Signed, based

FORM = ["Content-Type", "application/x-www-form-urlencoded"]


def moved(request, url):
    request = request.copy()
    request.url = url
    return request


def addresses(s, base, *, host=True):
    """The address of a request is changed after it was signed."""
    good, v = s.sign(base), s.vectors
    v.reject("another path", moved(good, good.url + "/other"), "signature")
    v.reject("another host", moved(good, good.url.replace("hooks.example.com", "hooks.example.org")), "signature")
    v.reject("another query", moved(good, good.url + ("&" if "?" in good.url else "?") + "a=b"), "signature")
    v.reject("http for https", moved(good, good.url.replace("https:", "http:")), "signature")


HUBSPOT = [
    {"eventId": 1, "subscriptionId": 12345, "portalId": 62515, "appId": 54321, "occurredAt": 1767225599000, "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": 123, "propertyName": "email"},
    {"eventId": 1, "subscriptionId": 12346, "portalId": 62515, "appId": 54321, "occurredAt": 1767225599000, "subscriptionType": "contact.creation", "attemptNumber": 0, "objectId": 124},
]
HUBSPOT_EVENTS = [
    event(type="hubspot.contact.propertychange", raw="contact.propertyChange", tenant="62515", holds=["1", "12345", "123", "1767225599000"]),
    event(type="hubspot.contact.creation", raw="contact.creation", tenant="62515", holds=["1", "12346", "124", "1767225599000"]),
]


def hubspot(version):
    if version == 1:
        s = Signed("hubspot-v1", "X-HubSpot-Signature", "hubspot-client-secret", lambda r, _: r.body, plain=True,
            prepare=lambda r: r.set("X-HubSpot-Signature-Version", "v1"))
    elif version == 2:
        s = Signed("hubspot-v2", "X-HubSpot-Signature", "hubspot-client-secret", lambda r, _: (r.method + r.url).encode() + r.body, plain=True,
            prepare=lambda r: r.set("X-HubSpot-Signature-Version", "v2"))
    else:
        s = Signed("hubspot-v3", "X-HubSpot-Signature-v3", "hubspot-client-secret",
            lambda r, time: (r.method + unquote(r.url)).encode() + r.body + time.encode(), encode=based,
            time_header="X-HubSpot-Request-Timestamp", time_text=lambda time: str(time * 1000), tolerance=300)
    v = s.vectors
    base = request(HUBSPOT)
    v.accept("two events of one id", s.sign(base), HUBSPOT_EVENTS)
    v.accept("one event", s.sign(request(HUBSPOT[:1])), HUBSPOT_EVENTS[:1])
    v.accept("a hundred events", s.sign(request([dict(HUBSPOT[0], objectId=number) for number in range(100)])))
    if version > 1:
        query = base.copy()
        query.url += "?a=1&b=two"
        v.accept("an address with a query", s.sign(query), HUBSPOT_EVENTS)
        addresses(s, base)
        got = base.copy()
        got.method = "PUT"
        changed = s.sign(got)
        changed.method = "POST"
        v.reject("another method", changed, "signature")
        v.accept("an action with a method of its own", s.sign(got), HUBSPOT_EVENTS)
        traced = base.copy()
        traced.method = "TRACE"
        v.reject("a method of nobody's", s.sign(traced), "method")
    if version == 3:
        escaped = moved(base, "https://hooks.example.com/hooks/door?redirect=https%3A%2F%2Fa.example%2Fx%3Fy&mail=a%40b.example")
        v.accept("escapes in the address, decoded as HubSpot signs them", s.sign(escaped), HUBSPOT_EVENTS)
        v.reject("the time in seconds", s.sign(base).set(s.time_header, str(NOW)))
        older = request(HUBSPOT)
        older.set("X-HubSpot-Signature", hashlib.sha256(s.secret.encode() + older.body).hexdigest()).set("X-HubSpot-Signature-Version", "v1")
        both = s.sign(older)
        v.accept("the older signature beside it", both, HUBSPOT_EVENTS)
        v.reject("the older signature alone", older)
        v.reject("a good older signature beside a bad one", both.copy().set(s.header, based(bytes(32))))
    s.hostile(base)
    return v


def hubspot_any():
    """The strongest signature that is there decides."""
    three, one = hubspot(3), hubspot(1)
    s = Signed("hubspot", "X-HubSpot-Signature-v3", "hubspot-client-secret",
        lambda r, time: (r.method + unquote(r.url)).encode() + r.body + time.encode(), encode=based,
        time_header="X-HubSpot-Request-Timestamp", time_text=lambda time: str(time * 1000), tolerance=300)
    v = s.vectors
    base = request(HUBSPOT)
    weak = base.copy().set("X-HubSpot-Signature-Version", "v1")
    weak.set("X-HubSpot-Signature", hashlib.sha256(s.secret.encode() + weak.body).hexdigest())
    middle = base.copy().set("X-HubSpot-Signature-Version", "v2")
    middle.set("X-HubSpot-Signature", hashlib.sha256((s.secret + middle.method + middle.url).encode() + middle.body).hexdigest())
    v.accept("v3 alone", s.sign(base), HUBSPOT_EVENTS)
    v.accept("v2 alone", middle, HUBSPOT_EVENTS)
    v.accept("v1 alone", weak, HUBSPOT_EVENTS)
    v.accept("v1 and v3, as HubSpot sends webhooks", s.sign(weak), HUBSPOT_EVENTS)
    v.reject("a good v1 beside a bad v3", s.sign(weak).set(s.header, based(bytes(32))), "signature")
    v.reject("a good v1 beside a stale v3", thing_signed(s, weak, NOW - 3600), "timestamp")
    v.reject("v2 that is called v1", middle.copy().set("X-HubSpot-Signature-Version", "v1"), "signature")
    v.reject("v1 that is called v2", weak.copy().set("X-HubSpot-Signature-Version", "v2"), "signature")
    v.reject("a version that there is not", weak.copy().set("X-HubSpot-Signature-Version", "v9"))
    s.hostile(base)
    return v


def thing_signed(s, base, time):
    return s.sign(thing_at(base, time))


def twilio_message(request, _):
    pairs = set(parse_qsl(request.body.decode(), keep_blank_values=True))
    return (request.url + "".join(name + value for name, value in sorted(pairs))).encode()


def form(pairs, *headers):
    return Request(urlencode(pairs).encode(), [FORM] + [list(header) for header in headers])


SMS = {
    "MessageSid": "SM1f0e8ae6ade43cb3c0ce4525424e404f", "SmsSid": "SM1f0e8ae6ade43cb3c0ce4525424e404f", "AccountSid": "AC0123", "From": "+15551234567",
    "To": "+15557654321", "Body": "naïve ✓ a+b & c", "SmsStatus": "received", "NumMedia": "0",
}
CALL = {"CallSid": "CA1234567890ABCDE", "AccountSid": "AC0123", "Caller": "+14158675310", "Digits": "1234", "CallStatus": "in-progress", "Empty": ""}


def twilio():
    s = Signed("twilio", "X-Twilio-Signature", "12345", twilio_message, encode=based, algorithm="sha1")
    v = s.vectors
    base = form(SMS, ["I-Twilio-Idempotency-Token", "6f1d-token"])
    v.accept("a message", s.sign(base), [event("6f1d-token", "twilio.received", "received", "AC0123", True)])
    v.accept("a call, one of its values empty", s.sign(form(CALL)), [event(type="twilio.in-progress", tenant="AC0123")])
    v.accept("a message without a token", s.sign(form(SMS)), [event(type="twilio.received", holds=["SM1f0e8ae6ade43cb3c0ce4525424e404f", "received"])])
    v.accept("a name with two values", s.sign(form([("MediaUrl", "b"), ("MediaUrl", "a"), ("MediaUrl", "a"), ("SmsStatus", "received")])))
    v.accept("blanks at the ends of a value", s.sign(form(dict(SMS, Body="  two  "))))
    with_query = form(SMS)
    with_query.url += "?foo=1&bar=2"
    v.accept("an address with a query", s.sign(with_query))
    ported = form(SMS)
    ported.url = "https://hooks.example.com:8443/hooks/door"
    v.accept("a port of its own", s.sign(ported))
    standard = s.sign(moved(form(SMS), "https://hooks.example.com:443/hooks/door"))
    v.accept("signed with the default port", moved(standard, "https://hooks.example.com/hooks/door"))
    published = form(dict(CallSid="CA1234567890ABCDE", Caller="+14158675309", Digits="1234", From="+14158675309", To="+18005551212"))
    published.url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert based(s.code(published)) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    v.accept("the example of Twilio's documentation", s.sign(published))
    s.hostile(base)
    addresses(s, base)
    good = s.sign(base)
    more = good.copy()
    more.body += b"&Extra=1"
    v.reject("one more field", more, "signature")
    less = s.sign(base)
    less.body = less.body.replace(b"&NumMedia=0", b"")
    v.reject("one field less", less, "signature")
    announced = s.sign(base).set("X-Twilio-Webhooks-Signature-Settings", "key=k,algorithm=HMAC_SHA256")
    v.reject("a header that asks for another algorithm, with SHA-1", announced)
    return v


def twilio_json():
    s = Signed("twilio-json", "X-Twilio-Signature", "12345", lambda r, _: r.url.encode(), encode=based, algorithm="sha1", body_signed=False)
    v = s.vectors

    def thing(value, *headers, query=""):
        made = request(value, *headers)
        made.url += f"?{query}bodySHA256={hashlib.sha256(made.body).hexdigest()}"
        return made

    event_stream = [{"specversion": "1.0", "type": "com.twilio.messaging.message.delivered", "id": "EZ1", "data": {"accountSid": "AC0123"}}]
    base = thing(event_stream, ["I-Twilio-Idempotency-Token", "token-1"])
    v.accept("an event", s.sign(base), [event("token-1", stable=True)])
    v.accept("other things in the query", s.sign(thing({"a": "✓"}, query="foo=1&")))
    v.accept("one of two secrets", s.sign(base), keys=[key("newer"), v.keys[0]])
    s.hostile(base)
    s.bodies(s.sign(base))
    addresses(s, base)
    bare = request({"a": 1})
    v.reject("no hash of the body in the address", s.sign(bare))
    wrong = request({"a": 1})
    wrong.url += "?bodySHA256=" + "0" * 64
    v.reject("another hash of the body in the address", s.sign(wrong), "signature")
    empty = request({"a": 1})
    empty.url += "?bodySHA256="
    v.reject("an empty hash in the address", s.sign(empty))
    twice = request({"a": 1})
    twice.url += "?bodySHA256=" + "0" * 64 + "&bodySHA256=" + hashlib.sha256(twice.body).hexdigest()
    v.reject("two hashes in the address", s.sign(twice))
    return v


def twilio_sharedkey():
    settings = "X-Twilio-Webhooks-Signature-Settings"
    s = Signed("twilio-sharedkey", "X-Twilio-Signature", "shared-key-secret-of-twilio", twilio_message, encode=based,
        prepare=lambda r: r.set(settings, "key=WK0123,algorithm=HMAC_SHA256"))
    v = s.vectors
    base = form(SMS, ["I-Twilio-Idempotency-Token", "t-9"])
    v.accept("a message", s.sign(base), [event("t-9", "twilio.received", "received", "AC0123", True)])
    v.accept("a call", s.sign(form(CALL)), [event(type="twilio.in-progress")])
    json_request = request({"a": 1}, ["I-Twilio-Idempotency-Token", "t-10"])
    json_request.url += "?bodySHA256=" + hashlib.sha256(json_request.body).hexdigest()
    as_json = Signed("x", "X-Twilio-Signature", s.secret, lambda r, _: r.url.encode(), encode=based, prepare=s.prepare)
    v.accept("a body of JSON", as_json.sign(json_request))
    s.hostile(base)
    addresses(s, base)
    v.reject("no settings", s.sign(base).drop(settings))
    v.reject("SHA-1 by the settings", s.sign(base, algorithm="sha1").set(settings, "key=WK0123,algorithm=HMAC_SHA1"))
    v.reject("no settings and SHA-1", s.sign(base, algorithm="sha1").drop(settings))
    v.reject("the settings twice", s.sign(base).twice(settings))
    return v


def square():
    where = "https://hooks.example.com/hooks/square"
    s = Signed("square", "x-square-hmacsha256-signature", "asdf1234", lambda r, _: where.encode() + r.body, encode=based, config={"notification_url": where})
    v = s.vectors

    def thing(id, type):
        return request({"merchant_id": "MLEFBHHSJGVHD", "type": type, "event_id": id, "created_at": "2026-01-01T00:00:00.000Z", "data": {"type": "payment"}})

    base = thing("13b867cf-db3d-4b1c-90b6-2f32a9d78124", "payment.created")
    wanted = event("13b867cf-db3d-4b1c-90b6-2f32a9d78124", "square.payment.created", "payment.created", "MLEFBHHSJGVHD", True)
    v.accept("a payment", s.sign(base), [wanted])
    v.accept("arriving under another address than the configured one", moved(s.sign(base), "http://10.0.0.7:8080/hooks/square"), [wanted])
    v.accept("a refund", s.sign(thing("2", "refund.updated")), [event("2", "square.refund.updated", stable=True)])
    s.hostile(base)
    v.reject("another configured address", s.sign(base), "signature", config={"notification_url": where + "2"})
    v.reject("a slash behind the configured address", s.sign(base), "signature", config={"notification_url": where + "/"})
    v.reject("http in the configured address", s.sign(base), "signature", config={"notification_url": where.replace("https", "http")})
    v.reject("the older header of SHA-1", s.sign(base).drop(s.header).set("x-square-signature", based(s.code(base, algorithm="sha1"))), "header")
    return v


def mandrill():
    where = "https://user:pass@hooks.example.com/hooks/mandrill?a=b"

    def message(request, _):
        pairs = sorted(parse_qsl(request.body.decode(), keep_blank_values=True))
        return (where + "".join(name + value for name, value in pairs)).encode()

    s = Signed("mandrill", "X-Mandrill-Signature", "mandrill-webhook-key", message, encode=based, algorithm="sha1", config={"webhook_url": where})
    v = s.vectors

    def events(*pairs):
        return form({"mandrill_events": json_body([{"event": name, "_id": id, "ts": NOW, "msg": {"email": "a@b.example", "subject": "ü & +"}} for name, id in pairs]).decode()})

    base = events(("send", "exampleid1"), ("open", "exampleid1"))
    v.accept("two events of one message", s.sign(base), [
        event(type="mandrill.send", raw="send", stable=True, holds=["exampleid1", "send", str(NOW)]),
        event(type="mandrill.open", raw="open", stable=True, holds=["exampleid1", "open", str(NOW)])])
    v.accept("one event", s.sign(events(("hard_bounce", "x"))), [event(type="mandrill.hard_bounce")])
    v.accept("one of two keys", s.sign(base), keys=[key("newer"), v.keys[0]])
    s.hostile(base)
    v.reject("another configured address", s.sign(base), "signature", config={"webhook_url": where + "c"})
    v.reject("the configured address without its query", s.sign(base), "signature", config={"webhook_url": where.split("?")[0]})
    more = s.sign(base)
    more.body += b"&extra=1"
    v.reject("one more field", more, "signature")
    return v


SCHEMES = [lambda: hubspot(1), lambda: hubspot(2), lambda: hubspot(3), hubspot_any, twilio, twilio_json, twilio_sharedkey, square, mandrill]
