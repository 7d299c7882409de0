# SPDX-License-Identifier: Apache-2.0
"""Writes providers.jsonl: requests as providers sign them, computed here and not by the code under test.

Each line is a request in the form that `flotilla hooks verify` reads, and beside it what has to come of it:
expect    the verdict and the events; an id of null is a fresh one
deciding  header fields without which, or with two of which, the request has to be refused
covers    what the signature covers: body, url, time; whatever is covered can't be changed
Run it again after a change: python3 Tests/Vectors/providers.py
"""
import base64
import hashlib
import hmac
import json
import pathlib
import urllib.parse

NOW = 1767225600
lines = []


def raw(text):
    return text if isinstance(text, bytes) else text.encode()


def mac(key, message, algorithm="sha256"):
    return hmac.new(raw(key), raw(message), algorithm)


def hexed(key, message, algorithm="sha256"):
    return mac(key, message, algorithm).hexdigest()


def based(key, message, algorithm="sha256"):
    return base64.b64encode(mac(key, message, algorithm).digest()).decode()


def event(kind, id=None, tenant=None, vendor=None, rawtype=None):
    vendor = vendor or current["vendor"]
    known = kind is not None
    words = kind if known else "unknown"
    norm = "".join("." if c in ":/ " else c if c.isascii() and (c.isalnum() or c in "_-.") else "_" for c in words.lower())
    return {"id": id, "stable": id is not None, "type": f"{vendor}.{norm}", "rawtype": (rawtype or kind) if known else None, "tenant": tenant}


current = {}


def scheme(name, vendor, key, kind="utf8", deciding=(), covers=("body",)):
    current.update(name=name, vendor=vendor, key=key, kind=kind, deciding=list(deciding), covers=list(covers))


def case(title, headers, body="", events=(), verdict="accept", keys=None, now=NOW, method="POST", url=None, config=None, covers=None,
         check=None, plain=True):
    line = {"id": f"{current['name']}: {title}", "provider": current["name"],
            "keys": keys or [{"kind": current["kind"], "value": current["key"]}], "now": now, "method": method,
            "url": url or f"https://hooks.example.com/hooks/{current['name']}", "headers": [list(h) for h in headers]}
    if isinstance(body, bytes):
        line["body_b64"] = base64.b64encode(body).decode()
    else:
        line["body"] = body
    if config:
        line["config"] = config
    line["expect"] = {"verdict": verdict}
    if verdict == "accept":
        line["expect"]["events"] = list(events)
        line["deciding"] = current["deciding"]
        line["covers"] = current["covers"] if covers is None else covers
    elif check:
        line["expect"]["check"] = check
    lines.append(line)


def refuse(title, headers, body="", **more):
    case(title, headers, body, verdict="reject", **more)


JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")


# ---- HMAC of the body alone, in one header -------------------------------------------------------------------------------------

def body_signed(name, vendor, key, header, write, algorithm, samples, more=()):
    """samples: (title, other headers, body, events)"""
    scheme(name, vendor, key, deciding=[header])
    for title, others, body, events in samples:
        case(title, [JSON, *others, (header, write(key, body))], body, events() if callable(events) else events)
    title, others, body, _ = samples[0]
    wrong = "sha1" if algorithm == "sha256" else "sha256"
    digest = write(key, body)
    mark = digest[: digest.index("=") + 1] if digest.startswith(("sha", "v1=")) else ""
    refuse(f"the code of {wrong}", [*others, (header, mark + hexed(key, body, wrong))], body)
    refuse("another mark", [*others, (header, "md5=" + digest[len(mark):])], body)
    refuse("a space behind the mark", [*others, (header, mark + " " + digest[len(mark):])], body)
    refuse("a plain hash of key and body", [*others, (header, mark + hashlib.new(algorithm, raw(key) + raw(body)).hexdigest())], body)
    refuse("the code of an empty key", [*others, (header, write("", body))], body)


def sha256_hex(key, body):
    return "sha256=" + hexed(key, body)


def bare_hex(key, body):
    return hexed(key, body)


body_signed("github", "github", "It's a Secret to Everybody", "X-Hub-Signature-256", sha256_hex, "sha256", [
    ("a pull request", [("X-GitHub-Event", "pull_request"), ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")],
     '{"action":"opened","installation":{"id":44810926},"repository":{"id":7}}',
     lambda: [event("pull_request.opened", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "44810926")]),
    ("a push without an installation", [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-2")], '{"ref":"x","repository":{"id":7}}',
     lambda: [event("push", "d-2", "7")]),
    ("no JSON", [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-3")], "Hello, World!", lambda: [event(None)]),
    ("the body is no text", [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-4")], b"\xff\xfe\x00{", lambda: [event(None)]),
])
form = "payload=" + urllib.parse.quote_plus('{"action":"created","repository":{"id":9}}')
case("a form", [FORM, ("X-GitHub-Event", "star"), ("X-GitHub-Delivery", "d-5"), ("X-Hub-Signature-256", sha256_hex(current["key"], form))],
     form, [event("star.created", "d-5", "9")])
refuse("sha1 in the header of sha256", [("X-Hub-Signature-256", "sha1=" + hexed(current["key"], "{}", "sha1"))], "{}")

body_signed("bitbucket", "bitbucket", "bb secret", "X-Hub-Signature", sha256_hex, "sha256", [
    ("a push", [("X-Event-Key", "repo:push"), ("X-Request-UUID", "u-1"), ("X-Hook-UUID", "h-1")],
     '{"repository":{"workspace":{"uuid":"{ws}"}}}', lambda: [event("repo:push", "u-1", "{ws}")]),
    ("a tenant from the header", [("X-Event-Key", "pullrequest:created"), ("X-Request-UUID", "u-2"), ("X-Hook-UUID", "h-1")], "{}",
     lambda: [event("pullrequest:created", "u-2", "h-1")]),
    ("no event key", [("X-Request-UUID", "u-3")], "{}", lambda: [event(None)]),
])
refuse("the weaker code with its own mark", [("X-Hub-Signature", "sha1=" + hexed(current["key"], "{}", "sha1"))], "{}")

body_signed("jira", "jira", "jira secret", "X-Hub-Signature", sha256_hex, "sha256", [
    ("an issue", [("X-Atlassian-Webhook-Identifier", "a-1")],
     '{"webhookEvent":"jira:issue_created","issue":{"self":"https://harbor.atlassian.net/rest/api/2/issue/10002"}}',
     lambda: [event("jira:issue_created", "a-1", "harbor.atlassian.net")]),
    ("a comment", [("X-Atlassian-Webhook-Identifier", "a-2")], '{"webhookEvent":"comment_created","comment":{"self":"https://x.atlassian.net:443/c"}}',
     lambda: [event("comment_created", "a-2", "x.atlassian.net")]),
    ("no identifier", [], '{"webhookEvent":"comment_created"}', lambda: [event(None)]),
])

body_signed("notion", "notion", "secret_abc", "X-Notion-Signature", sha256_hex, "sha256", [
    ("a page", [], '{"id":"367cba44-b6f3-4c92-81e7-6a2e9659efd4","workspace_id":"w-1","type":"page.created"}',
     lambda: [event("page.created", "367cba44-b6f3-4c92-81e7-6a2e9659efd4", "w-1")]),
    ("a comment", [], '{"id":"2","type":"comment.created"}', lambda: [event("comment.created", "2")]),
    ("no id", [], '{"type":"page.created"}', lambda: [event(None)]),
])

body_signed("meta", "meta", "app secret", "X-Hub-Signature-256", sha256_hex, "sha256", [
    ("one message", [], '{"object":"whatsapp_business_account","entry":[{"id":"102","changes":[{"value":{"messages":[{"id":"wamid.1","type":"text"}]},"field":"messages"}]}]}',
     lambda: [event("whatsapp_business_account.messages", "wamid.1", "102")]),
    ("a message and two states", [], '{"object":"whatsapp_business_account","entry":[{"id":"102","changes":[{"value":{"messages":[{"id":"wamid.1"}]},"field":"messages"},{"value":{"statuses":[{"id":"wamid.1","status":"sent"}]},"field":"messages"}]},{"id":"103","changes":[{"value":{"statuses":[{"id":"wamid.1","status":"read"}]},"field":"messages"}]}]}',
     lambda: [event("whatsapp_business_account.messages", "wamid.1", "102"), event("whatsapp_business_account.messages", "wamid.1:sent", "102"),
              event("whatsapp_business_account.messages", "wamid.1:read", "103")]),
    ("a change without an id, and no change at all", [], '{"object":"page","entry":[{"id":"5","changes":[{"field":"feed","value":{"item":"\\u00e9"}},7]},{"id":"6"}]}',
     lambda: [event("page.feed", None, "5"), event(None, None, "5"), event(None, None, "6")]),
    ("a page's message", [], '{"object":"page","entry":[{"id":"5","messaging":[{"message":{"mid":"m_1"}}]}]}', lambda: [event("page", "m_1", "5")]),
    ("no entries", [], '{"object":"page"}', lambda: [event(None)]),
])

body_signed("typeform", "typeform", "tf", "Typeform-Signature", lambda k, b: "sha256=" + based(k, b), "sha256", [
    ("a response", [], '{"event_id":"01H","event_type":"form_response","form_response":{"form_id":"lT4Z3j"}}',
     lambda: [event("form_response", "01H", "lT4Z3j")]),
    ("a partial one", [], '{"event_id":"01J","event_type":"form_response_partial"}', lambda: [event("form_response_partial", "01J")]),
    ("a list", [], "[]", lambda: [event(None)]),
])
refuse("hexadecimal behind the mark", [("Typeform-Signature", "sha256=" + hexed("tf", "{}"))], "{}")

body_signed("intercom", "intercom", "client secret", "X-Hub-Signature", lambda k, b: "sha1=" + hexed(k, b, "sha1"), "sha1", [
    ("a conversation", [], '{"type":"notification_event","id":"notif_1","topic":"conversation.user.created","app_id":"abc"}',
     lambda: [event("conversation.user.created", "notif_1", "abc")]),
    ("a ping", [], '{"id":"notif_2","topic":"ping","app_id":"abc"}', lambda: [event("ping", "notif_2", "abc")]),
    ("no id", [], '{"topic":"ping"}', lambda: [event(None)]),
])

body_signed("asana", "asana", "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81", "X-Hook-Signature", bare_hex, "sha256", [
    ("two events", [], '{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}},{"action":"added","resource":{"resource_type":"story"}}]}',
     lambda: [event("changed.task"), event("added.story")]),
    ("a heartbeat", [], '{"events":[]}', lambda: []),
    ("one odd item", [], '{"events":[{"action":"changed","resource":{"resource_type":"task"}},[],"x"]}',
     lambda: [event("changed.task"), event(None), event(None)]),
    ("no list", [], '{"events":{}}', lambda: [event(None)]),
])

body_signed("dropbox", "dropbox", "app secret", "X-Dropbox-Signature", bare_hex, "sha256", [
    ("one account", [], '{"list_folder":{"accounts":["dbid:AAH4f99"]},"delta":{"users":[12]}}', lambda: [event(None, None, "dbid:AAH4f99")]),
    ("two accounts", [], '{"list_folder":{"accounts":["a","b"]}}', lambda: [event(None)]),
    ("no JSON", [], "x", lambda: [event(None)]),
])

body_signed("sentry", "sentry", "client secret", "Sentry-Hook-Signature", bare_hex, "sha256", [
    ("an issue", [("Sentry-Hook-Resource", "issue"), ("Request-ID", "r-1")], '{"action":"created","installation":{"uuid":"i-1"}}',
     lambda: [event("issue.created", "r-1", "i-1")]),
    ("an old timestamp, which is not signed", [("Sentry-Hook-Resource", "error"), ("Request-ID", "r-2"), ("Sentry-Hook-Timestamp", "1")],
     '{"action":"created"}', lambda: [event("error.created", "r-2")]),
    ("no resource", [("Request-ID", "r-3")], '{"action":"created"}', lambda: [event(None)]),
])

body_signed("vercel", "vercel", "vs", "x-vercel-signature", lambda k, b: hexed(k, b, "sha1"), "sha1", [
    ("a deployment", [], '{"id":"uev_1","type":"deployment.created","payload":{"team":{"id":"team_1"},"user":{"id":"u"}}}',
     lambda: [event("deployment.created", "uev_1", "team_1")]),
    ("a user's", [], '{"id":"uev_2","type":"project.created","payload":{"team":{"id":null},"user":{"id":"u"}}}',
     lambda: [event("project.created", "uev_2", "u")]),
    ("nothing", [], "{}", lambda: [event(None)]),
])

body_signed("circleci", "circleci", "hunter123", "circleci-signature", lambda k, b: "v1=" + hexed(k, b), "sha256", [
    ("a workflow", [("circleci-event-type", "workflow-completed")], '{"id":"c-1","type":"workflow-completed","organization":{"id":"o-1"}}',
     lambda: [event("workflow-completed", "c-1", "o-1")]),
    ("a job, named in the header", [("circleci-event-type", "job-completed")], '{"id":"c-2"}', lambda: [event("job-completed", "c-2")]),
    ("another version beside", [], '{"id":"c-3","type":"ping"}', lambda: [event("ping", "c-3")]),
])
# CircleCI's own vectors.
for key, body, code in [
    ("another-secret", "lalala", "daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00"),
    ("hunter123", "an-important-request-payload", "9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa"),
]:
    assert hexed(key, body) == code
    case(f"published: {body}", [("circleci-signature", f"v2=00,v1={code}")], body, [event(None)], keys=[{"kind": "utf8", "value": key}])
refuse("an unknown version alone", [("circleci-signature", "v2=" + hexed("hunter123", "{}"))], "{}")

body_signed("pagerduty", "pagerduty", "pd", "X-PagerDuty-Signature", lambda k, b: "v1=" + hexed(k, b), "sha256", [
    ("an incident", [("X-Webhook-Subscription", "PS1")], '{"event":{"id":"01E","event_type":"incident.triggered"}}',
     lambda: [event("incident.triggered", "01E", "PS1")]),
    ("a ping", [("X-Webhook-Subscription", "PS1")], '{"event":{"id":"01F","event_type":"pagey.ping"}}', lambda: [event("pagey.ping", "01F", "PS1")]),
    ("no event", [], "{}", lambda: [event(None)]),
])
case("a rotation", [("X-PagerDuty-Signature", f"v2=1,v1={'0' * 64},v1=" + hexed("pd", "{}"))], "{}", [event(None)])
refuse("a space behind the comma", [("X-PagerDuty-Signature", f"v1={'0' * 64}, v1=" + hexed("pd", "{}"))], "{}")

for name, prefix in [("X-Shopify-", "X-Shopify-"), ("without X-", "shopify-")]:
    if prefix == "X-Shopify-":
        body_signed("shopify", "shopify", "client secret", "X-Shopify-Hmac-Sha256", based, "sha256", [
            ("an order", [("X-Shopify-Topic", "orders/create"), ("X-Shopify-Webhook-Id", "w-1"), ("X-Shopify-Event-Id", "e"), ("X-Shopify-Shop-Domain", "a.myshopify.com")],
             '{"id":1}', lambda: [event("orders/create", "w-1", "a.myshopify.com")]),
            ("no id", [("X-Shopify-Topic", "orders/create")], '{"id":1}', lambda: [event(None)]),
        ])
    else:
        current["deciding"] = ["shopify-hmac-sha256"]
        case("names without X-", [("shopify-topic", "app/uninstalled"), ("shopify-webhook-id", "w-2"), ("shopify-shop-domain", "b.myshopify.com"),
                                  ("shopify-hmac-sha256", based("client secret", "{}"))], "{}", [event("app/uninstalled", "w-2", "b.myshopify.com")])
case("the older of two secrets", [("shopify-hmac-sha256", based("old", "{}"))], "{}", [event(None)],
     keys=[{"kind": "utf8", "value": "new"}, {"kind": "utf8", "value": "old"}])
refuse("the right code under one name, a wrong one under the other",
       [("X-Shopify-Hmac-Sha256", based("x", "{}")), ("shopify-hmac-sha256", based("client secret", "{}"))], "{}")

scheme("docusign", "docusign", "ds key", deciding=["X-DocuSign-Signature-1"])
body = '{"event":"envelope-completed","generatedDateTime":"2026-01-01T00:00:00Z","data":{"accountId":"a-1","envelopeId":"e-1"}}'
done = lambda: [event("envelope-completed", "e-1:envelope-completed:2026-01-01T00:00:00Z:", "a-1")]
case("one key", [JSON, ("X-DocuSign-Signature-1", based("ds key", body))], body, done())
case("the second of two keys", [("X-DocuSign-Signature-1", based("other", body)), ("X-DocuSign-Signature-2", based("ds key", body))], body, done(), covers=["body"])
lines[-1]["deciding"] = ["X-DocuSign-Signature-2"]
case("the hundredth", [("X-DocuSign-Signature-100", based("ds key", body))], body, done())
lines[-1]["deciding"] = ["X-DocuSign-Signature-100"]
case("XML", [("Content-Type", "text/xml"), ("X-DocuSign-Signature-1", based("ds key", "<x/>"))], "<x/>", [event(None)])
for number in ["0", "101", "01", "1 ", ""]:
    refuse(f"the header numbered '{number}'", [(f"X-DocuSign-Signature-{number}", based("ds key", body))], body)
refuse("no number", [("X-DocuSign-Signature", based("ds key", body))], body)

# ---- time and body --------------------------------------------------------------------------------------------------------------

def stamped(name, vendor, header, join, key, time_mark, mark, joint, tolerance, samples):
    scheme(name, vendor, key, deciding=[header], covers=["body", "time"])

    def signed(body, at=NOW, extra="", secret=key):
        return (header, f"{time_mark}{at}{join}{mark}{hexed(secret, f'{at}{joint}{body}')}{extra}")

    for title, body, events in samples:
        case(title, [JSON, signed(body)], body, events())
    body, events = samples[0][1], samples[0][2]()
    case("the oldest", [signed(body, NOW - tolerance)], body, events)
    case("the newest", [signed(body, NOW + tolerance)], body, events)
    code = hexed(key, f"{NOW}{joint}{body}")
    case("a rotation", [(header, f"{time_mark}{NOW}{join}{mark}{'0' * 64}{join}{mark}{code}")], body, events)
    case("an unknown key of the header", [(header, f"{time_mark}{NOW}{join}x=1{join}{mark}{code}")], body, events)
    refuse("too old", [signed(body, NOW - tolerance - 1)], body, check="timestamp")
    refuse("too new", [signed(body, NOW + tolerance + 1)], body, check="timestamp")
    refuse("no time", [(header, mark + code)], body)
    refuse("two times", [(header, f"{time_mark}{NOW}{join}{time_mark}{NOW}{join}{mark}{code}")], body)
    refuse("no signature", [(header, f"{time_mark}{NOW}")], body)
    refuse("a space behind the separator", [(header, f"{time_mark}{NOW}{join} {mark}{code}")], body)
    refuse("an unknown version", [(header, f"{time_mark}{NOW}{join}v0={code}")], body)
    refuse("a time with a sign", [(header, f"{time_mark}+{NOW}{join}{mark}{hexed(key, f'+{NOW}{joint}{body}')}")], body)
    refuse("milliseconds", [signed(body, NOW * 1000)], body)
    refuse("another separator", [(header, f"{time_mark}{NOW}|{mark}{code}")], body)
    refuse("the body alone signed", [(header, f"{time_mark}{NOW}{join}{mark}{hexed(key, body)}")], body)


stamped("stripe", "stripe", "Stripe-Signature", ",", "whsec_abcdef", "t=", "v1=", ".", 300, [
    ("an invoice", '{"id":"evt_1","object":"event","type":"invoice.paid","account":"acct_1"}', lambda: [event("invoice.paid", "evt_1", "acct_1")]),
    ("a thin event", '{"id":"evt_2","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered"}',
     lambda: [event("v1.billing.meter.error_report_triggered", "evt_2")]),
    ("no id", '{"type":"invoice.paid"}', lambda: [event(None)]),
])
refuse("the decoy alone", [("Stripe-Signature", f"t={NOW},v0={hexed('whsec_abcdef', f'{NOW}.' + '{}')}")], "{}")
stamped("paddle", "paddle", "Paddle-Signature", ";", "pdl_ntfset_01", "ts=", "h1=", ":", 5, [
    ("a transaction", '{"event_id":"evt_01","event_type":"transaction.completed"}', lambda: [event("transaction.completed", "evt_01")]),
    ("a subscription", '{"event_id":"evt_02","event_type":"subscription.created"}', lambda: [event("subscription.created", "evt_02")]),
    ("nothing", "{}", lambda: [event(None)]),
])
case("a minute, where that is allowed", [("Paddle-Signature", f"ts={NOW - 60};h1={hexed('pdl_ntfset_01', f'{NOW - 60}:' + '{}')}")], "{}", [event(None)],
     config={"tolerance_s": 60})
stamped("calendly", "calendly", "Calendly-Webhook-Signature", ",", "cal key", "t=", "v1=", ".", 180, [
    ("an invitee", '{"event":"invitee.created","created_at":"2026-01-01T00:00:00.000000Z","created_by":"https://api.calendly.com/users/U","payload":{"uri":"https://api.calendly.com/i/1"}}',
     lambda: [event("invitee.created", "https://api.calendly.com/i/1:invitee.created:2026-01-01T00:00:00.000000Z", "https://api.calendly.com/users/U")]),
    ("the same invitee, cancelled", '{"event":"invitee.canceled","created_at":"2026-01-02T00:00:00.000000Z","payload":{"uri":"https://api.calendly.com/i/1"}}',
     lambda: [event("invitee.canceled", "https://api.calendly.com/i/1:invitee.canceled:2026-01-02T00:00:00.000000Z")]),
    ("no payload", '{"event":"invitee.created"}', lambda: [event(None)]),
])


def version_zero(name, vendor, header, time_header, key, samples):
    scheme(name, vendor, key, deciding=[header, time_header], covers=["body", "time"])

    def signed(body, at=NOW):
        return [(header, "v0=" + hexed(key, f"v0:{at}:{body}")), (time_header, str(at))]

    for title, more, body, events in samples:
        case(title, [*more, *signed(body)], body, events())
    body, events = samples[0][2], samples[0][3]()
    case("the oldest", signed(body, NOW - 300), body, events)
    case("the newest", signed(body, NOW + 300), body, events)
    refuse("too old", signed(body, NOW - 301), body, check="timestamp")
    refuse("too new", signed(body, NOW + 301), body, check="timestamp")
    refuse("another version", [(header, "v1=" + hexed(key, f"v0:{NOW}:{body}")), (time_header, str(NOW))], body)
    refuse("another time", [signed(body)[0], (time_header, str(NOW + 1))], body)
    refuse("milliseconds", signed(body, NOW * 1000), body)
    refuse("base64", [(header, "v0=" + based(key, f"v0:{NOW}:{body}")), (time_header, str(NOW))], body)
    refuse("without the version", [(header, "v0=" + hexed(key, f"{NOW}:{body}")), (time_header, str(NOW))], body)


payload = "payload=" + urllib.parse.quote_plus('{"type":"block_actions","team":{"id":"T9"}}')
version_zero("slack", "slack", "X-Slack-Signature", "X-Slack-Request-Timestamp", "8f742231b10e8888abcd99yyyzzz85a5", [
    ("an event", [JSON], '{"type":"event_callback","event_id":"Ev1","team_id":"T1","event":{"type":"app_mention"}}', lambda: [event("app_mention", "Ev1", "T1")]),
    ("a button", [FORM], payload, lambda: [event("block_actions", None, "T9")]),
    ("a command", [FORM], "command=%2Fweather&text=94070", lambda: [event(None)]),
    ("an event without an id", [JSON], '{"type":"app_rate_limited","team_id":"T1"}', lambda: [event("app_rate_limited", None, "T1")]),
])
body = ("token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
        "&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        "%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
assert hexed(current["key"], f"v0:1531420618:{body}") == "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
case("published", [FORM, ("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
                   ("X-Slack-Request-Timestamp", "1531420618")], body, [event(None)], now=1531420618)
version_zero("zoom", "zoom", "x-zm-signature", "x-zm-request-timestamp", "zoom secret", [
    ("a meeting", [JSON], '{"event":"meeting.started","payload":{"account_id":"acc"},"event_ts":1}', lambda: [event("meeting.started", None, "acc")]),
    ("no payload", [JSON], '{"event":"app_deauthorized"}', lambda: [event("app_deauthorized")]),
    ("no event", [JSON], '{}', lambda: [event(None)]),
])

scheme("linear", "linear", "lin_wh", deciding=["Linear-Signature"], covers=["body", "time"])


def linear(kind="Issue", at=NOW * 1000, extra=""):
    return f'{{"action":"create","type":"{kind}","organizationId":"o-1","webhookTimestamp":{at}{extra}}}'


def lin(body):
    return [JSON, ("Linear-Delivery", "l-1"), ("Linear-Signature", hexed("lin_wh", body))]


for title, body in [("an issue", linear()), ("the oldest", linear(at=NOW * 1000 - 60000)), ("the newest", linear(at=NOW * 1000 + 60000)),
                    ("of two times the last counts", linear(at=1, extra=f',"webhookTimestamp":{NOW * 1000}'))]:
    case(title, lin(body), body, [event("Issue.create", "l-1", "o-1")])
body = linear("Comment")
case("a comment without a delivery", [("Linear-Signature", hexed("lin_wh", body))], body, [event(None, None, "o-1")])
for title, body in [("too old", linear(at=NOW * 1000 - 60001)), ("too new", linear(at=NOW * 1000 + 60001)), ("seconds", linear(at=NOW)),
                    ("no time", '{"action":"create","type":"Issue"}'), ("no JSON", "x"), ("a time in words", linear(at='"now"')),
                    ("a fraction", linear(at=f"{NOW * 1000}.5")), ("a huge number", linear(at="1" + "0" * 400))]:
    refuse(title, lin(body), body, check="timestamp")
refuse("a mark", [("Linear-Signature", "sha256=" + hexed("lin_wh", linear()))], linear())

scheme("zendesk", "zendesk", "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", deciding=["X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp"],
       covers=["body", "time"])


def zen(body, at="2026-01-01T00:00:00Z"):
    return [("X-Zendesk-Webhook-Signature", based(current["key"], at + body)), ("X-Zendesk-Webhook-Signature-Timestamp", at),
            ("X-Zendesk-Webhook-Invocation-Id", "inv-1"), ("X-Zendesk-Account-Id", "21825")]


body = '{"account_id":"21825","id":"ev-1","type":"zen:event-type:ticket.created","zendesk_event_version":"2022-11-06"}'
case("an event", zen(body), body, [event("zen:event-type:ticket.created", "ev-1", "21825")])
case("a trigger's own body", zen('{"id":"35436","type":"problem"}'), '{"id":"35436","type":"problem"}', [event(None, None, "21825") | {"id": "inv-1", "stable": True}])
case("GET", zen(""), "", [event(None, None, "21825") | {"id": "inv-1", "stable": True}], method="GET")
case("the oldest", zen(body, "2025-12-31T23:55:00Z"), body, [event("zen:event-type:ticket.created", "ev-1", "21825")])
case("another offset", zen(body, "2026-01-01T01:00:00+01:00"), body, [event("zen:event-type:ticket.created", "ev-1", "21825")])
for at in ["2025-12-31T23:54:59Z", "2026-01-01T00:05:01Z", "1767225600", "2026-01-01", "yesterday", "2026-13-01T00:00:00Z"]:
    refuse(f"at {at}", zen(body, at), body, check="timestamp")
refuse("the key decoded", [("X-Zendesk-Webhook-Signature", based(base64.b64decode(current["key"]), "2026-01-01T00:00:00Z" + body)),
                           ("X-Zendesk-Webhook-Signature-Timestamp", "2026-01-01T00:00:00Z")], body)
refuse("the body alone", [("X-Zendesk-Webhook-Signature", based(current["key"], body)), ("X-Zendesk-Webhook-Signature-Timestamp", "2026-01-01T00:00:00Z")], body)

# ---- Standard Webhooks ------------------------------------------------------------------------------------------------------------

WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def standard(name, vendor, prefix, key, samples, kind="whsec-base64", secret=None):
    secret = secret or base64.b64decode(key.removeprefix("whsec_"))
    scheme(name, vendor, key, kind=kind, deciding=[f"{prefix}-id", f"{prefix}-timestamp", f"{prefix}-signature"], covers=["body", "time"])

    def signed(body, at=NOW, id="msg_1", version="v1", by=secret, before="", behind=""):
        return [(f"{prefix}-id", id), (f"{prefix}-timestamp", str(at)),
                (f"{prefix}-signature", f"{before}{version},{based(by, f'{id}.{at}.{body}')}{behind}")]

    for title, more, body, events in samples:
        case(title, [*more, *signed(body)], body, events())
    more, body, events = samples[0][1], samples[0][2], samples[0][3]()
    wrong = base64.b64encode(bytes(32)).decode()
    case("the oldest", [*more, *signed(body, NOW - 300)], body, events)
    case("the newest", [*more, *signed(body, NOW + 300)], body, events)
    case("a rotation", [*more, *signed(body, before=f"v1,{wrong} v1a,xxxx ", behind=f" v2,{wrong}")], body, events)
    lines[-1]["deciding"] = [f"{prefix}-id", f"{prefix}-timestamp"]
    for title, headers in [("too old", signed(body, NOW - 301)), ("too new", signed(body, NOW + 301)), ("another version", signed(body, version="v2")),
                           ("the asymmetric version", signed(body, version="v1a")), ("milliseconds", signed(body, NOW * 1000)),
                           ("an id with a dot", signed(body, id="msg.1")), ("the secret's text as the key", signed(body, by=raw(key) + b"x")),
                           ("commas between", signed(body, before=f"v1,{wrong},")), ("an empty key", signed(body, by=b""))]:
        refuse(title, headers, body)
    code = based(secret, f"msg_1.{NOW}.{body}")
    refuse("no version", [*signed(body)[:2], (f"{prefix}-signature", code)], body)
    refuse("no padding", [*signed(body)[:2], (f"{prefix}-signature", "v1," + code.rstrip("="))], body)
    refuse("another id", [(f"{prefix}-id", "msg_2"), *signed(body)[1:]], body)


plain = [("a type", [JSON], '{"type":"invoice.paid"}', lambda: [event("invoice.paid", "msg_1")]),
         ("no type", [JSON], '{"test":2432232314}', lambda: [event(None, None) | {"id": "msg_1", "stable": True}])]
standard("standard-webhooks", "standard-webhooks", "webhook", WHSEC, plain)
body = '{"test": 2432232314}'
case("published", [("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330"),
                   ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")], body,
     [event(None) | {"id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "stable": True}], now=1614265330,
     keys=[{"kind": "whsec-base64", "value": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}])
standard("svix", "svix", "svix", WHSEC, plain)
standard("svix", "svix", "webhook", WHSEC[6:], [("the newer names", [JSON], '{"type":"user.created"}', lambda: [event("user.created", "msg_1")])])
refuse("some names of each kind", [("svix-id", "msg_1"), ("webhook-timestamp", str(NOW)),
                                   ("svix-signature", "v1," + based(bytes(range(32)), f"msg_1.{NOW}." + "{}"))], "{}")
standard("openai", "openai", "webhook", WHSEC, plain)
standard("openai", "openai", "webhook", "sk-raw secret", [("a secret that is text", [JSON], '{"type":"batch.completed"}', lambda: [event("batch.completed", "msg_1")])],
         kind="utf8", secret=b"sk-raw secret")
standard("gitlab-signed", "gitlab", "webhook", WHSEC, [
    ("a push", [JSON, ("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Token", "whatever"), ("Idempotency-Key", "msg_1")], '{"object_kind":"push","project_id":15}',
     lambda: [event("Push Hook", "msg_1", "15")]),
    ("named in the body", [JSON, ("X-Gitlab-Instance", "https://gitlab.com")], '{"object_kind":"pipeline"}', lambda: [event("pipeline", "msg_1", "https://gitlab.com")]),
])

# ---- plain hashes and URLs --------------------------------------------------------------------------------------------------------

HUB = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
ITEM = '{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","objectId":123}'
OTHER = '{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.propertyChange","objectId":124}'
ID1, ID2 = "1:12345:123:1564113600000", "1:12345:124:1564113600000"
VERSION = "X-HubSpot-Signature-Version"


def sha(*parts):
    return hashlib.sha256(b"".join(raw(p) for p in parts)).hexdigest()


def v1(body):
    return [("X-HubSpot-Signature", sha(HUB, body)), (VERSION, "v1")]


def v2(body, url, method="POST"):
    return [("X-HubSpot-Signature", sha(HUB, method, url, body)), (VERSION, "v2")]


def v3(body, url, at=NOW * 1000, method="POST", key=HUB):
    return [("X-HubSpot-Signature-v3", based(key, f"{method}{url}{body}{at}")), ("X-HubSpot-Request-Timestamp", str(at))]


URL = "https://hooks.example.com/hooks/hub?a=b"
hub_samples = [("one", f"[{ITEM}]", lambda: [event("contact.creation", ID1, "62515")]),
               ("two with one eventId", f"[{ITEM}, {OTHER}]", lambda: [event("contact.creation", ID1, "62515"), event("contact.propertyChange", ID2, "62515")]),
               ("an odd one between", f"[{ITEM},7,{{}}]", lambda: [event("contact.creation", ID1, "62515"), event(None), event(None)]),
               ("none", "[]", lambda: []), ("no list", "{}", lambda: [event(None)])]
for name in ["hubspot-v1", "hubspot"]:
    scheme(name, "hubspot", HUB, deciding=["X-HubSpot-Signature", VERSION])
    for title, body, events in hub_samples:
        case("v1: " + title, [JSON, *v1(body)], body, events(), url=URL)
    refuse("v1: said to be v2", [v1("[]")[0], (VERSION, "v2")], "[]", url=URL)
    refuse("v1: HMAC", [("X-HubSpot-Signature", hexed(HUB, "[]")), (VERSION, "v1")], "[]", url=URL)
    refuse("v1: body before secret", [("X-HubSpot-Signature", sha("[]", HUB)), (VERSION, "v1")], "[]", url=URL)
    refuse("v1: base64", [("X-HubSpot-Signature", base64.b64encode(bytes.fromhex(sha(HUB, "[]"))).decode()), (VERSION, "v1")], "[]", url=URL)
for name in ["hubspot-v2", "hubspot"]:
    scheme(name, "hubspot", HUB, deciding=["X-HubSpot-Signature", VERSION], covers=["body", "url"])
    for title, body, events in hub_samples[:3]:
        case("v2: " + title, [JSON, *v2(body, URL)], body, events(), url=URL)
    refuse("v2: another method", v2("[]", URL, "GET"), "[]", url=URL)
    refuse("v2: without the query", v2("[]", URL.split("?")[0]), "[]", url=URL)
    refuse("v2: said to be v1", [v2("[]", URL)[0], (VERSION, "v1")], "[]", url=URL)
    refuse("v2: said to be v4", [v2("[]", URL)[0], (VERSION, "v4")], "[]", url=URL)
for name in ["hubspot-v3", "hubspot"]:
    scheme(name, "hubspot", HUB, deciding=["X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"] if name == "hubspot-v3" else [], covers=["body", "url", "time"])
    for title, body, events in hub_samples:
        case("v3: " + title, [JSON, *v3(body, URL)], body, events(), url=URL)
    escaped = "https://hooks.example.com/hooks/hub?to=a%40b.com&t=%C3%A9%20x%2Fy"
    listed = "https://hooks.example.com/hooks/hub?to=a@b.com&t=%C3%A9%20x/y"
    for title, url in [("raw", escaped), ("with the listed escapes undone", listed), ("with all escapes undone", urllib.parse.unquote(escaped))]:
        case("v3: a URL " + title, v3("[]", url), "[]", [], url=escaped)
    case("v3: v1 beside", [*v1("[]"), *v3("[]", URL)], "[]", [], url=URL)
    case("v3: the oldest", v3("[]", URL, NOW * 1000 - 299999), "[]", [], url=URL)
    for title, at in [("300 seconds old", NOW * 1000 - 300000), ("too new", NOW * 1000 + 300001), ("seconds", NOW)]:
        refuse("v3: " + title, v3("[]", URL, at), "[]", url=URL, check="timestamp")
    refuse("v3: another method", v3("[]", URL, method="PUT"), "[]", url=URL)
    refuse("v3: another query", v3("[]", URL + "&c=d"), "[]", url=URL)
    refuse("v3: some escapes undone only", v3("[]", "https://hooks.example.com/hooks/hub?to=a@b.com&t=%C3%A9%20x%2Fy"), "[]", url=escaped)
    refuse("v3: hexadecimal", [("X-HubSpot-Signature-v3", hexed(HUB, f"POST{URL}[]{NOW * 1000}")), ("X-HubSpot-Request-Timestamp", str(NOW * 1000))], "[]", url=URL)
    refuse("v3: wrong, with a right v1 beside", [*v1("[]"), *v3("[]", URL, key="x")], "[]", url=URL)
    refuse("v3: empty, with a right v1 beside", [*v1("[]"), ("X-HubSpot-Signature-v3", ""), ("X-HubSpot-Request-Timestamp", str(NOW * 1000))], "[]", url=URL)
refuse("no version", [v1("[]")[0]], "[]", url=URL)
refuse("two versions", [*v1("[]"), (VERSION, "v1")], "[]", url=URL)

TOKEN = "12345"
MYAPP = "https://mycompany.com/myapp.php?foo=1&bar=2"


def twilio(url, fields=(), key=TOKEN, algorithm="sha1"):
    text = url + "".join(n + v for n, v in sorted(set(fields)))
    return ("X-Twilio-Signature", based(key, text, algorithm))


def encoded(fields):
    return urllib.parse.urlencode(fields)


call = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"), ("From", "+14158675309"), ("To", "+18005551212")]
assert twilio(MYAPP, call)[1] == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
sms = [("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("AccountSid", "AC1"), ("Body", " ä b\r\n"), ("NumMedia", "0")]
unknown = lambda id=None, tenant=None: [event(None, None, tenant) | {"id": id, "stable": id is not None}]
scheme("twilio", "twilio", TOKEN, deciding=["X-Twilio-Signature"], covers=["body", "url"])
case("published", [FORM, twilio(MYAPP, call)], encoded(call), unknown(), url=MYAPP)
case("a message", [FORM, twilio(MYAPP, sms)], encoded(sms), [event("delivered", "SM1:delivered", "AC1")], url=MYAPP)
case("a token", [FORM, ("I-Twilio-Idempotency-Token", "tok"), twilio(MYAPP, sms)], encoded(sms), [event("delivered", "tok", "AC1")], url=MYAPP)
many = [("b", "2"), ("B", "1"), ("b", "1"), ("b", "2"), ("a", ""), ("SmsStatus", "received")]
case("repeated and empty fields", [FORM, twilio(MYAPP, many)], encoded(many), [event("received")], url=MYAPP)
case("the fields in another order", [FORM, twilio(MYAPP, sms)], encoded(sms[::-1]), [event("delivered", "SM1:delivered", "AC1")], url=MYAPP)
case("signed with the default port", [FORM, twilio("https://a.example:443/x", call)], encoded(call), unknown(), url="https://a.example/x")
case("sent to the default port", [FORM, twilio("https://a.example/x", call)], encoded(call), unknown(), url="https://a.example:443/x")
case("a port of its own", [FORM, twilio("https://a.example:8443/x", call)], encoded(call), unknown(), url="https://a.example:8443/x")
case("GET", [twilio(MYAPP)], "", unknown(), url=MYAPP, method="GET", covers=["url"])
ring = call + [("CallStatus", "ringing"), ("SequenceNumber", "1")]
case("a call's state", [FORM, twilio(MYAPP, ring)], encoded(ring), [event("ringing", "CA1234567890ABCDE:ringing:1")], url=MYAPP)
ring = call + [("CallStatus", "in-progress")]
case("a call that goes on", [FORM, twilio(MYAPP, ring)], encoded(ring), [event("in-progress")], url=MYAPP)
refuse("the port left out", [FORM, twilio("https://a.example/x", call)], encoded(call), url="https://a.example:8443/x")
refuse("http for https", [FORM, twilio(MYAPP.replace("https", "http"), call)], encoded(call), url=MYAPP)
refuse("a field more", [FORM, twilio(MYAPP, call)], encoded(call + [("x", "y")]), url=MYAPP)
refuse("a field less", [FORM, twilio(MYAPP, call)], encoded(call[1:]), url=MYAPP)
refuse("a value trimmed", [FORM, twilio(MYAPP, [(n, v.strip()) for n, v in sms])], encoded(sms), url=MYAPP)
refuse("names sorted without case", [FORM, ("X-Twilio-Signature", based(TOKEN, MYAPP + "a" + "B1" + "b1" + "b2" + "SmsStatusreceived", "sha1"))], encoded(many), url=MYAPP)
refuse("SHA-256", [FORM, twilio(MYAPP, call, algorithm="sha256")], encoded(call), url=MYAPP)
refuse("broken escapes", [FORM, twilio(MYAPP, [("a", "%zz")])], "a=%zz", url=MYAPP)
refuse("another algorithm announced", [FORM, ("X-Twilio-Webhooks-Signature-Settings", "key=SK1,algorithm=HMAC_SHA256"), twilio(MYAPP, call)], encoded(call), url=MYAPP)
refuse("JSON that nothing covers", [JSON, twilio(MYAPP)], '{"a":1}', url=MYAPP)
body = '{"AccountSid":"AC1","type":"com.twilio.x"}'
hashed = MYAPP + "&bodySHA256=" + hashlib.sha256(raw(body)).hexdigest()
case("JSON", [JSON, ("I-Twilio-Idempotency-Token", "tok"), twilio(hashed)], body, [event("com.twilio.x", "tok", "AC1")], url=hashed)
refuse("JSON whose body and kind were taken away", [twilio(hashed)], "", url=hashed)
refuse("JSON that is said to be a form", [FORM, twilio(hashed)], "a=b", url=hashed)
scheme("twilio-json", "twilio", TOKEN, deciding=["X-Twilio-Signature"], covers=["body", "url"])
case("a body", [JSON, ("I-Twilio-Idempotency-Token", "tok"), twilio(hashed)], body, [event("com.twilio.x", "tok", "AC1")], url=hashed)
other = '{"hello":"world"}'
plain_url = "https://a.example/x?bodySHA256=" + hashlib.sha256(raw(other)).hexdigest()
case("no type", [JSON, ("I-Twilio-Idempotency-Token", "tok2"), twilio(plain_url)], other, unknown("tok2"), url=plain_url)
case("signed with the default port", [JSON, twilio(plain_url.replace("example/", "example:443/"))], other, unknown(), url=plain_url)
refuse("no hash", [JSON, twilio(MYAPP)], body, url=MYAPP)
refuse("another body", [JSON, twilio(hashed)], body + " ", url=hashed, check="signature")
refuse("two hashes", [JSON, twilio(hashed + "&bodySHA256=00")], body, url=hashed + "&bodySHA256=00")
upper = MYAPP + "&bodySHA256=" + hashlib.sha256(raw(body)).hexdigest().upper()
refuse("upper case", [JSON, twilio(upper)], body, url=upper)
SETTINGS = ("X-Twilio-Webhooks-Signature-Settings", "key=SK1,algorithm=HMAC_SHA256")
scheme("twilio-sharedkey", "twilio", "shared", deciding=["X-Twilio-Signature", SETTINGS[0]], covers=["body", "url"])
by256 = lambda url, fields=(): twilio(url, fields, "shared", "sha256")
case("a form", [FORM, SETTINGS, by256(MYAPP, sms)], encoded(sms), [event("delivered", "SM1:delivered", "AC1")], url=MYAPP)
case("JSON", [JSON, SETTINGS, by256(hashed)], body, [event("com.twilio.x", None, "AC1")], url=hashed)
case("another order of the settings", [FORM, (SETTINGS[0], "algorithm=HMAC_SHA256,key=SK1"), by256(MYAPP, call)], encoded(call), unknown(), url=MYAPP)
lines[-1]["deciding"] = ["X-Twilio-Signature"]
refuse("no settings, and the older algorithm", [FORM, twilio(MYAPP, call, "shared")], encoded(call), url=MYAPP)
refuse("the older algorithm announced", [FORM, (SETTINGS[0], "key=SK1,algorithm=HMAC_SHA1"), twilio(MYAPP, call, "shared")], encoded(call), url=MYAPP)
refuse("the older algorithm, the newer announced", [FORM, SETTINGS, twilio(MYAPP, call, "shared")], encoded(call), url=MYAPP)
refuse("two algorithms", [FORM, (SETTINGS[0], "algorithm=HMAC_SHA256,algorithm=HMAC_SHA1"), by256(MYAPP, call)], encoded(call), url=MYAPP)

scheme("square", "square", "sq key", deciding=["x-square-hmacsha256-signature"], covers=["body", "url"])
SQ = "https://example.com/square/"
body = '{"merchant_id":"6SSW7HV8K2ST5","type":"customer.created","event_id":"df5f3813"}'
square = lambda url, body: [("x-square-hmacsha256-signature", based("sq key", url + body))]
created = lambda: [event("customer.created", "df5f3813", "6SSW7HV8K2ST5")]
case("as configured", square(SQ, body), body, created(), config={"notification_url": SQ}, covers=["body"])
case("where no URL is configured", square(SQ, body), body, created(), url=SQ)
case("with a query", square(SQ + "?a=b", "{}"), "{}", [event(None)], url=SQ + "?a=b")
refuse("without the last slash", square(SQ[:-1], body), body, url=SQ)
refuse("an empty body", square(SQ, ""), "", url=SQ, check="signature")
refuse("the body alone", square("", body), body, url=SQ)
refuse("the body first", [("x-square-hmacsha256-signature", based("sq key", body + SQ))], body, url=SQ)

scheme("mandrill", "mandrill", "test-webhook", deciding=["X-Mandrill-Signature"], covers=["body", "url"])
MD = "https://user:pw@example.com/mandrill?x=y"
items = '[{"event":"send","_id":"m1","ts":1365109999},{"event":"open","_id":"m1","ts":1365110000},{"event":"inbound","ts":1},5]'


def mandrill(url, fields):
    return [FORM, ("X-Mandrill-Signature", based("test-webhook", url + "".join(n + v for n, v in sorted(fields)), "sha1"))]


one = [("mandrill_events", items)]
many = lambda: [event("send", "m1:send:1365109999"), event("open", "m1:open:1365110000"), event("inbound"), event(None)]
case("a batch", mandrill(MD, one), encoded(one), many(), config={"webhook_url": MD}, covers=["body"])
case("where no URL is configured", mandrill(MD, one), encoded(one), many(), url=MD)
none = [("mandrill_events", "[]")]
case("the test", mandrill(MD, none), encoded(none), [], url=MD)
case("no batch", mandrill(MD, [("x", "y")]), "x=y", [event(None)], url=MD)
refuse("two batches", mandrill(MD, one + none), encoded(one + none), url=MD)
refuse("the URL without its user", mandrill("https://example.com/mandrill?x=y", one), encoded(one), url=MD)
refuse("SHA-256", [FORM, ("X-Mandrill-Signature", based("test-webhook", MD + "mandrill_events[]"))], encoded(none), url=MD)

# ---- tokens -----------------------------------------------------------------------------------------------------------------------

def token(name, vendor, header, samples, write=lambda key: key, key="s3cr3t-token", kind="utf8", config=None, wrong=()):
    scheme(name, vendor, key, kind=kind, deciding=[header], covers=[])
    for title, more, body, events in samples:
        case(title, [JSON, *more, (header, write(key))], body, events(), config=config)
    for title, value in [("a shorter one", write(key)[:-1]), ("a longer one", write(key) + "x"), ("a space", write(key) + " "), ("empty", ""), *wrong]:
        refuse(title, [(header, value)], samples[0][2], config=config)
    refuse("another header", [(header + "s", write(key))], samples[0][2], config=config)


token("gitlab-token", "gitlab", "X-Gitlab-Token", [
    ("a push", [("X-Gitlab-Event", "Push Hook"), ("Idempotency-Key", "g-1")], '{"object_kind":"push","project_id":15}', lambda: [event("Push Hook", "g-1", "15")]),
    ("an older server", [("X-Gitlab-Event", "Tag Push Hook"), ("X-Gitlab-Event-UUID", "shared")], '{"project":{"id":9}}', lambda: [event("Tag Push Hook", None, "9")]),
    ("named in the body", [("Idempotency-Key", "g-2"), ("X-Gitlab-Instance", "https://gitlab.com")], '{"object_kind":"note"}', lambda: [event("note", "g-2", "https://gitlab.com")]),
    ("no JSON", [("X-Gitlab-Event", "Push Hook"), ("Idempotency-Key", "g-3")], "x", lambda: [event(None)]),
])
token("telegram", "telegram", "X-Telegram-Bot-Api-Secret-Token", [
    ("a message", [], '{"update_id":10000,"message":{"message_id":1}}', lambda: [event("message", "10000")]),
    ("the id behind", [], '{"callback_query":{},"update_id":10001}', lambda: [event("callback_query", "10001")]),
    ("nothing but an id", [], '{"update_id":10002}', lambda: [event(None)]),
])
token("huggingface", "huggingface", "X-Webhook-Secret", [
    ("a push", [], '{"event":{"action":"update","scope":"repo.content"},"repo":{"name":"openai/gpt2"}}', lambda: [event("repo.content.update", None, "openai/gpt2")]),
    ("a discussion", [], '{"event":{"action":"create","scope":"discussion"}}', lambda: [event("discussion.create")]),
    ("no event", [], "{}", lambda: [event(None)]),
])
basic = lambda key: "Basic " + base64.b64encode(raw(key)).decode()
token("postmark", "postmark", "Authorization", [
    ("a bounce", [], '{"RecordType":"Bounce","ID":42,"MessageID":"m","ServerID":23}', lambda: [event("Bounce", "Bounce:42", "23")]),
    ("a delivery", [], '{"RecordType":"Delivery","MessageID":"m","Recipient":"a@b.c","DeliveredAt":"2026-01-01T00:00:00Z","ServerID":23}',
     lambda: [event("Delivery", "m:Delivery:a@b.c:2026-01-01T00:00:00Z:", "23")]),
    ("an open", [], '{"RecordType":"Open","MessageID":"m","Recipient":"a@b.c","ReceivedAt":"2026-01-01T00:00:00Z"}', lambda: [event("Open", "m:Open:a@b.c:2026-01-01T00:00:00Z:")]),
    ("the same, opened later", [], '{"RecordType":"Open","MessageID":"m","Recipient":"a@b.c","ReceivedAt":"2026-01-01T00:00:09Z"}', lambda: [event("Open", "m:Open:a@b.c:2026-01-01T00:00:09Z:")]),
    ("no id", [], '{"RecordType":"Open"}', lambda: [event(None)]),
], basic, "user:pass:word", "basic", wrong=[("no scheme", "dXNlcjpwYXNzOndvcmQ="), ("another scheme", "Bearer dXNlcjpwYXNzOndvcmQ="),
                                               ("two spaces", "Basic  dXNlcjpwYXNzOndvcmQ="), ("plain", "Basic user:pass:word"), ("no padding", "Basic dXNlcjpwYXNzOndvcmQ")])
case("the scheme in lower case", [("Authorization", "basic dXNlcjpwYXNzOndvcmQ=")], '{"RecordType":"Bounce","ID":42}', [event("Bounce", "Bounce:42")])
generic = [("a type", [], '{"type":"Order Paid"}', lambda: [event("Order Paid")]), ("no JSON", [], "x", lambda: [event(None)]), ("no type", [], "{}", lambda: [event(None)])]
token("generic-bearer", "generic-bearer", "Authorization", generic, lambda key: "Bearer " + key, wrong=[("no scheme", "s3cr3t-token"), ("a colon", "Bearer: s3cr3t-token")])
case("the scheme in lower case", [("Authorization", "bearer s3cr3t-token")], "{}", [event(None)])
token("generic-basic", "generic-basic", "Authorization", generic, basic, "u:p", "basic")
token("generic-apikey", "generic-apikey", "X-API-Key", generic)
token("generic-apikey", "generic-apikey", "X-Door", [("a header of its own", [("X-Id", "7")], '{"kind":{"a/b":"x"}}', lambda: [event("x", "7")])],
      config={"header": "X-Door", "id_header": "X-Id", "type_field": "/kind/a~1b"})

scheme("msgraph", "msgraph", "secretClientValue", covers=[])
note = '{"id":"n-1","subscriptionId":"s-1","clientState":"secretClientValue","changeType":"updated","resource":"me/events/1","tenantId":"t-1"}'
later = '{"subscriptionId":"s-2","clientState":"secretClientValue","lifecycleEvent":"reauthorizationRequired"}'
case("one change", [JSON], f'{{"value":[{note}]}}', [event("updated", "n-1", "t-1")])
case("a change and a warning", [JSON], f'{{"value":[{note},{later}],"validationTokens":[]}}', [event("updated", "n-1", "t-1"), event("reauthorizationRequired", None, "s-2")])
case("neither", [JSON], '{"value":[{"clientState":"secretClientValue"}]}', [event(None)])
for title, body in [("one of two wrong", f'{{"value":[{note},{later.replace("secretClientValue", "guess")}]}}'), ("none", '{"value":[{}]}'), ("an empty list", '{"value":[]}'),
                    ("no list", "{}"), ("no JSON", "x"), ("a number", '{"value":[{"clientState":1}]}'), ("beside the list", '{"clientState":"secretClientValue","value":[{}]}'),
                    ("the last of two counts", '{"value":[{"clientState":"secretClientValue","clientState":"x"}]}'), ("a list in a list", f'{{"value":[[{note}]]}}'),
                    ("the last of two lists counts", f'{{"value":[{note}],"value":[{{}}]}}')]:
    refuse(title, [JSON], body)
refuse("another state configured", [JSON], f'{{"value":[{note}]}}', keys=[{"kind": "utf8", "value": "x"}])

scheme("mailgun", "mailgun", "mg key", covers=["time"])


def mailgun(at=NOW, token="tok50", name="signature", key="mg key", data='{"event":"delivered","id":"e-1","domain":{"name":"mg.example.com"}}', sig=None):
    return json.dumps({name: {"timestamp": str(at), "token": token, "signature": sig or hexed(key, f"{at}{token}")}, "event-data": json.loads(data)})


case("an event", [JSON], mailgun(), [event("delivered", "e-1", "mg.example.com")])
case("a time that is a number", [JSON], mailgun().replace(f'"{NOW}"', str(NOW)), [event("delivered", "e-1", "mg.example.com")])
case("eight hours later", [JSON], mailgun(NOW - 8 * 3600), [event("delivered", "e-1", "mg.example.com")])
case("no id", [JSON], mailgun(data='{"event":"opened"}'), [event("opened", "tok50")])
case("the account above", [JSON], json.dumps(json.loads(mailgun(key="other")) | json.loads(mailgun(name="parent-signature"))), [event("delivered", "e-1", "mg.example.com")])
fields = encoded([("event", "clicked"), ("domain", "mg.example.com"), ("timestamp", NOW), ("token", "t"), ("signature", hexed("mg key", f"{NOW}t"))])
case("a form", [FORM], fields, [event("clicked", "t", "mg.example.com")])
for title, body in [("a day old", mailgun(NOW - 86400)), ("an hour ahead", mailgun(NOW + 3600)), ("another key", mailgun(key="x")), ("no signature", '{"event-data":{"event":"x"}}'),
                    ("upper case", mailgun(sig=hexed("mg key", f"{NOW}tok50").upper())), ("truncated", mailgun(sig=hexed("mg key", f"{NOW}tok50")[:-2])),
                    ("another token", mailgun(sig=hexed("mg key", f"{NOW}tok51"))), ("base64", mailgun(sig=based("mg key", f"{NOW}tok50"))), ("no JSON", "x"),
                    ("a digit moved", mailgun(at=NOW // 10, token="0tok50", sig=hexed("mg key", f"{NOW}tok50"))), ("an empty signature", mailgun(sig=" "))]:
    refuse(title, [JSON], body)
refuse("a form with two tokens", [FORM], fields + "&token=t")

# ---- generic HMAC -----------------------------------------------------------------------------------------------------------------

def generic_hmac(title, name, config, headers, body, events, deciding, covers=("body",)):
    scheme(name, name, "gen key", deciding=deciding, covers=covers)
    case(title, headers, body, events(), config=config)


generic_hmac("the defaults", "generic-hmac", {"signature_header": "X-Sig"}, [("X-Sig", hexed("gen key", '{"type":"a"}'))], '{"type":"a"}', lambda: [event("a")], ["X-Sig"])
full = {"signature_header": "X-Sig", "algorithm": "sha512", "encoding": "base64", "prefix": "sha512=", "signed": "{timestamp}.{id}.{body}", "timestamp_header": "X-Time",
        "id_header": "X-Id", "tolerance_s": 60}


def full_headers(at=NOW, id="i-1", body="{}"):
    return [("X-Sig", "sha512=" + based("gen key", f"{at}.{id}.{body}", "sha512")), ("X-Time", str(at)), ("X-Id", id)]


generic_hmac("all options", "generic-hmac-all", full, full_headers(), "{}", lambda: [event(None) | {"id": "i-1", "stable": True}], ["X-Sig", "X-Time", "X-Id"], ("body", "time"))
case("the oldest", full_headers(NOW - 60), "{}", [event(None) | {"id": "i-1", "stable": True}], config=full)
for title, headers in [("too old", full_headers(NOW - 61)), ("too new", full_headers(NOW + 61)), ("an id that could be cut elsewhere", full_headers(id="i.1")),
                       ("another algorithm", [("X-Sig", "sha512=" + based("gen key", f"{NOW}.i-1." + "{}")), *full_headers()[1:]])]:
    refuse(title, headers, "{}", config=full)
generic_hmac("sha1", "generic-hmac-old", {"signature_header": "X-Sig", "algorithm": "sha1", "signed": "v0:{timestamp}:{body}", "timestamp_header": "X-T", "timestamp_unit": "rfc3339"},
             [("X-Sig", hexed("gen key", "v0:2026-01-01T00:00:00Z:{}", "sha1")), ("X-T", "2026-01-01T00:00:00Z")], "{}", lambda: [event(None)], ["X-Sig", "X-T"], ("body", "time"))
for title, config in [("no header named", {}), ("an unknown algorithm", {"signature_header": "X-Sig", "algorithm": "md5"}), ("an unknown encoding", {"signature_header": "X-Sig", "encoding": "hex!"}),
                      ("an unknown place", {"signature_header": "X-Sig", "signed": "{url}{body}"}), ("a brace left open", {"signature_header": "X-Sig", "signed": "{body"}),
                      ("a time that no header brings", {"signature_header": "X-Sig", "signed": "{timestamp}{body}"}), ("no tolerance", {"signature_header": "X-Sig", "timestamp_header": "X-T", "tolerance_s": 0})]:
    scheme("generic-hmac", "generic-hmac", "gen key")
    refuse(title, [("X-Sig", hexed("gen key", "{}")), ("X-T", str(NOW))], "{}", config=config)

out = pathlib.Path(__file__).with_name("providers.jsonl")
out.write_text("".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines))
print(len(lines), "lines,", out.stat().st_size, "bytes")
