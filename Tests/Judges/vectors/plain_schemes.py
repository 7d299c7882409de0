# SPDX-License-Identifier: Apache-2.0
"""Schemes that sign the body, alone or with a time in a header or in the signature's own header."""
from datetime import datetime, timezone

from model import NOW, Request, event, json_body, key
from signed import Signed, based, hexed

JSON = ["Content-Type", "application/json"]


def request(value, *headers, raw=None):
    return Request(json_body(value) if raw is None else raw, [JSON] + [list(header) for header in headers])


def body(request, time):
    return request.body


def dotted(request, time):
    return time.encode() + b"." + request.body


def github():
    s = Signed("github", "X-Hub-Signature-256", "It's a Secret to Everybody", body, wrap=lambda text, _: "sha256=" + text)
    v = s.vectors
    push = {"ref": "refs/heads/main", "repository": {"id": 730055812, "name": "lighthouse"}, "installation": {"id": 44810926}}
    base = request(push, ["X-GitHub-Event", "push"], ["X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"])
    wanted = event("72d3162e-cc78-11e3-81ab-4c9367dc0958", "github.push", "push", "44810926", True)
    v.accept("a push", s.sign(base), [wanted])
    opened = request(
        {"action": "opened", "pull_request": {"title": "naïve ✓ 🚢"}, "repository": {"id": 730055812}}, ["x-github-event", "pull_request"],
        ["x-github-delivery", "4f1d"])
    v.accept(
        "a pull request, its header names in lower case", s.sign(opened),
        [event("4f1d", "github.pull_request.opened", "pull_request.opened", "730055812", True)])
    v.accept("the older signature beside the strong one", s.sign(base).set("X-Hub-Signature", "sha1=" + "0" * 40), [wanted])
    v.accept("the second of two secrets", s.sign(base), [wanted], keys=[key("a newer secret"), s.vectors.keys[0]])
    form = request(None, ["X-GitHub-Event", "ping"], ["X-GitHub-Delivery", "f0"], raw=b"payload=%7B%22zen%22%3A%22a+b%22%2C%22hook_id%22%3A1%7D")
    form.set("Content-Type", "application/x-www-form-urlencoded")
    v.accept("a form", s.sign(form), [event("f0", "github.ping", "ping", stable=True)])
    v.accept("no JSON", s.sign(request(None, ["X-GitHub-Event", "push"], ["X-GitHub-Delivery", "e1"], raw=b"\xff\x00")), [event(type="github.unknown", stable=False)])
    s.hostile(base)
    v.reject("a sha1 signature in the sha256 header", s.sign(base).set(s.header, "sha1=" + s.code(base, algorithm="sha1").hex()))
    v.reject("only the older signature", s.sign(base).drop(s.header).set("X-Hub-Signature", "sha1=" + s.code(base, algorithm="sha1").hex()), "header")
    v.reject("no prefix", s.sign(base).set(s.header, s.code(base).hex()))
    v.reject("signed with no secret at all", s.sign(base, secret=""), "signature")
    return v


def bitbucket():
    s = Signed("bitbucket", "X-Hub-Signature", "bitbucket secret", body, wrap=lambda text, _: "sha256=" + text)
    v = s.vectors
    push = {"push": {"changes": []}, "repository": {"uuid": "{7a1f}", "workspace": {"uuid": "{c0ffee-01}"}}}
    base = request(push, ["X-Event-Key", "repo:push"], ["X-Request-UUID", "8f1b9d0e"], ["X-Hook-UUID", "{9d8c}"], ["X-Attempt-Number", "1"])
    v.accept("a push", s.sign(base), [event("8f1b9d0e", "bitbucket.repo.push", "repo:push", "{c0ffee-01}", True)])
    v.accept("the second attempt", s.sign(base.copy().set("X-Attempt-Number", "2")), [event("8f1b9d0e", "bitbucket.repo.push", stable=True)])
    pull = base.copy().set("X-Event-Key", "pullrequest:created").set("X-Request-UUID", "aa")
    v.accept("a pull request", s.sign(pull), [event("aa", "bitbucket.pullrequest.created", "pullrequest:created", "{c0ffee-01}", True)])
    own = request({"eventKey": "repo:refs_changed"}, ["X-Event-Key", "repo:refs_changed"], ["X-Request-Id", "dc-1"])
    v.accept("a push to a server of one's own", s.sign(own), [event("dc-1", "bitbucket.repo.refs_changed", "repo:refs_changed", stable=True)])
    s.hostile(base)
    v.reject("a sha1 signature", s.sign(base).set(s.header, "sha1=" + s.code(base, algorithm="sha1").hex()))
    return v


def shopify():
    s = Signed("shopify", "X-Shopify-Hmac-Sha256", "hush", body, encode=based)
    v = s.vectors
    order = {"id": 820982911946154508, "email": "jon@example.com", "total_price": "403.00", "line_items": []}
    base = request(
        order, ["X-Shopify-Topic", "orders/create"], ["X-Shopify-Shop-Domain", "nordlicht.myshopify.com"],
        ["X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"], ["X-Shopify-Event-Id", "98880550-7158"])
    wanted = event("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "shopify.orders.create", "orders/create", "nordlicht.myshopify.com", True)
    v.accept("an order", s.sign(base), [wanted])
    v.accept("the same order sent again", s.sign(base.copy().set("X-Shopify-Triggered-At", "2026-01-01T00:00:00Z")), [wanted])
    v.accept(
        "an uninstalled app", s.sign(base.copy().set("X-Shopify-Topic", "app/uninstalled")), [event(type="shopify.app.uninstalled", stable=True)])
    v.accept("the old secret while the new one is not used yet", s.sign(base), [wanted], keys=[key("newer"), v.keys[0]])
    s.hostile(base)
    v.reject("the signature unpadded", s.with_signature(base, based(s.code(base)).rstrip("=")))
    v.reject("the signature with a blank in it", s.with_signature(base, " ".join([based(s.code(base))[:20], based(s.code(base))[20:]])))
    return v


def intercom():
    s = Signed("intercom", "X-Hub-Signature", "client secret of the app", body, algorithm="sha1", wrap=lambda text, _: "sha1=" + text)
    v = s.vectors

    def notification(id, topic):
        return request({"type": "notification_event", "app_id": "w8x2", "id": id, "topic": topic, "data": {"item": {"type": "conversation"}}})

    base = notification("notif_75fa9e40", "conversation.user.created")
    v.accept("a conversation", s.sign(base), [event("notif_75fa9e40", "intercom.conversation.user.created", "conversation.user.created", "w8x2", True)])
    v.accept("a test", s.sign(notification("notif_2", "ping")), [event("notif_2", "intercom.ping", "ping", "w8x2", True)])
    v.accept("a contact", s.sign(notification("notif_3", "contact.created")), [event("notif_3", "intercom.contact.created", stable=True)])
    s.hostile(base)
    v.reject("a sha256 signature named sha1", s.sign(base, algorithm="sha256"))
    v.reject("a sha256 signature named so", s.sign(base).set(s.header, "sha256=" + s.code(base, algorithm="sha256").hex()))
    return v


def typeform():
    s = Signed("typeform", "Typeform-Signature", "typeform secret", body, encode=based, wrap=lambda text, _: "sha256=" + text)
    v = s.vectors

    def response(id, form="lT4Z3j"):
        return request({"event_id": id, "event_type": "form_response", "form_response": {"form_id": form, "token": "a3a12ec6"}})

    base = response("LtWXD3crgy")
    v.accept("a response", s.sign(base), [event("LtWXD3crgy", "typeform.form_response", "form_response", "lT4Z3j", True)])
    v.accept("another form's", s.sign(response("L2", "xyz")), [event("L2", "typeform.form_response", tenant="xyz", stable=True)])
    v.accept("one of two secrets", s.sign(base), keys=[key("newer"), v.keys[0]])
    s.hostile(base)
    v.reject("no prefix", s.sign(base).set(s.header, based(s.code(base))))
    return v


def asana():
    s = Signed("asana", "X-Hook-Signature", "b537207f20cbfa02357cf448134da559", body)
    v = s.vectors

    def task(action, gid, kind="task"):
        return {"action": action, "resource": {"gid": gid, "resource_type": kind}, "user": {"gid": "12"}, "created_at": "2026-01-01T00:00:00.000Z"}

    base = request({"events": [task("changed", "1337"), task("added", "1338", "story")]})
    two = [event(type="asana.changed.task", raw="changed.task", stable=False), event(type="asana.added.story", raw="added.story", stable=False)]
    v.accept("two events", s.sign(base), two)
    v.accept("one event", s.sign(request({"events": [task("deleted", "9", "project")]})), [event(type="asana.deleted.project", stable=False)])
    v.accept("the same change twice is two events", s.sign(request({"events": [task("changed", "1"), task("changed", "1")]})), [
        event(type="asana.changed.task", stable=False), event(type="asana.changed.task", stable=False)])
    v.accept("a heartbeat", s.sign(request({"events": []})))
    s.hostile(base)
    v.reject("a prefix that it has not", s.sign(base).set(s.header, "sha256=" + s.code(base).hex()))
    return v


def jira():
    s = Signed("jira", "X-Hub-Signature", "It's a Secret to Everybody", body, wrap=lambda text, _: "sha256=" + text)
    v = s.vectors
    issue = {"timestamp": NOW * 1000, "webhookEvent": "jira:issue_updated", "issue": {"self": "https://harbor.atlassian.net/rest/api/2/issue/10002"}}
    base = request(issue, ["X-Atlassian-Webhook-Identifier", "5e0a2c"], ["User-Agent", "Atlassian Webhook HTTP Client"])
    v.accept("an issue", s.sign(base), [event("5e0a2c", "jira.jira.issue_updated", "jira:issue_updated", stable=True)])
    v.accept("a retry", s.sign(base.copy().set("X-Atlassian-Webhook-Retry", "1")), [event("5e0a2c", stable=True)])
    v.accept(
        "a comment", s.sign(request({"webhookEvent": "comment_created"}, ["X-Atlassian-Webhook-Identifier", "6"])),
        [event("6", "jira.comment_created", "comment_created", stable=True)])
    s.hostile(base)
    v.reject("a sha1 signature", s.sign(base).set(s.header, "sha1=" + s.code(base, algorithm="sha1").hex()))
    return v


def notion():
    s = Signed("notion", "X-Notion-Signature", "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl", body, wrap=lambda text, _: "sha256=" + text)
    v = s.vectors

    def page(id, type):
        return request({"id": id, "timestamp": "2026-01-01T00:00:00.000Z", "workspace_id": "13950b26", "type": type, "entity": {"id": "153104cd", "type": "page"}})

    base = page("367cba44-b6f3-4c92-81e7-6a2e9659efd4", "page.created")
    v.accept("a page", s.sign(base), [event("367cba44-b6f3-4c92-81e7-6a2e9659efd4", "notion.page.created", "page.created", "13950b26", True)])
    v.accept("a comment", s.sign(page("2", "comment.created")), [event("2", "notion.comment.created", tenant="13950b26", stable=True)])
    v.accept("a data source", s.sign(page("3", "data_source.schema_updated")), [event("3", "notion.data_source.schema_updated", stable=True)])
    s.hostile(base)
    v.reject("no prefix", s.sign(base).set(s.header, s.code(base).hex()))
    return v


def dropbox():
    s = Signed("dropbox", "X-Dropbox-Signature", "app-secret-of-dropbox", body)
    v = s.vectors
    base = request({"list_folder": {"accounts": ["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"]}, "delta": {"users": [12345678]}})
    v.accept("an account", s.sign(base), [event(stable=False)])
    v.accept("two accounts", s.sign(request({"list_folder": {"accounts": ["dbid:A", "dbid:B"]}})))
    v.accept("one of two secrets", s.sign(base), [event(stable=False)], keys=[key("newer"), v.keys[0]])
    s.hostile(base)
    return v


def meta():
    s = Signed("meta", "X-Hub-Signature-256", "app secret of meta", body, wrap=lambda text, _: "sha256=" + text)
    v = s.vectors

    def whatsapp(*values):
        changes = [{"field": "messages", "value": value} for value in values]
        return request({"object": "whatsapp_business_account", "entry": [{"id": "10229", "changes": changes}]})

    message = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.HBgL1", "from": "16315551181", "type": "text", "text": {"body": "hi"}}]}
    status = {"messaging_product": "whatsapp", "statuses": [{"id": "wamid.HBgL1", "status": "delivered"}]}
    kind = "meta.whatsapp_business_account.messages"
    base = whatsapp(message)
    v.accept("a message", s.sign(base), [event(type=kind, raw="whatsapp_business_account.messages", tenant="10229", stable=True, holds=["wamid.HBgL1"])])
    v.accept("a status", s.sign(whatsapp(status)), [event(type=kind, tenant="10229", stable=True, holds=["wamid.HBgL1", "delivered"])])
    v.accept("a message and a status", s.sign(whatsapp(message, status)), [event(type=kind), event(type=kind)])
    escaped = request(None, raw=b'{"object":"page","entry":[{"id":"7","time":1,"changes":[{"field":"feed","value":{"message":"\\u00fcber \\/ "}}]}]}')
    v.accept("escapes as Meta writes them", s.sign(escaped), [event(type="meta.page.feed", raw="page.feed", tenant="7", stable=False)])
    s.hostile(base)
    unescaped = s.sign(escaped)
    unescaped.body = unescaped.body.replace(b"\\u00fc", "ü".encode())
    v.reject("escapes that somebody resolved on the way", unescaped, "signature")
    v.reject("a sha1 signature", s.sign(base).set(s.header, "sha1=" + s.code(base, algorithm="sha1").hex()))
    return v


def sentry():
    s = Signed("sentry", "Sentry-Hook-Signature", "client secret of sentry", body)
    v = s.vectors
    issue = {"action": "created", "installation": {"uuid": "a8e5d37a"}, "data": {"issue": {"id": "1170820242"}}, "actor": {"type": "application"}}
    base = request(issue, ["Sentry-Hook-Resource", "issue"], ["Sentry-Hook-Timestamp", str(NOW)], ["Request-ID", "4d8f"])
    v.accept("an issue", s.sign(base), [event("4d8f", "sentry.issue.created", "issue.created", "a8e5d37a")])
    v.accept("its time says nothing", s.sign(base.copy().set("Sentry-Hook-Timestamp", "1")), [event("4d8f", "sentry.issue.created")])
    v.accept("an installation", s.sign(base.copy().set("Sentry-Hook-Resource", "installation")), [event(type="sentry.installation.created")])
    s.hostile(base)
    return v


def vercel():
    s = Signed("vercel", "x-vercel-signature", "vercel secret", body, algorithm="sha1")
    v = s.vectors

    def deployment(id, type):
        return request({"id": id, "type": type, "createdAt": NOW * 1000, "payload": {"team": {"id": "team_9u"}, "deployment": {"id": "dpl_1"}}, "region": "sfo1"})

    base = deployment("uev_CrVAAXjtbGvO", "deployment.created")
    v.accept("a deployment", s.sign(base), [event("uev_CrVAAXjtbGvO", "vercel.deployment.created", "deployment.created", "team_9u", True)])
    v.accept("a failed one", s.sign(deployment("uev_2", "deployment.error")), [event("uev_2", "vercel.deployment.error", stable=True)])
    v.accept("a domain", s.sign(deployment("uev_3", "domain.created")), [event("uev_3", "vercel.domain.created", stable=True)])
    s.hostile(base)
    v.reject("a prefix that it has not", s.sign(base).set(s.header, "sha1=" + s.code(base).hex()))
    return v


def docusign():
    s = Signed("docusign", "X-DocuSign-Signature-1", "docusign key 1", body, encode=based)
    v = s.vectors
    envelope = {"event": "envelope-completed", "generatedDateTime": "2026-01-01T00:00:00.0000000Z", "data": {"accountId": "5e5d", "envelopeId": "e-77"}}
    base = request(envelope)
    wanted = event(type="docusign.envelope-completed", raw="envelope-completed", tenant="5e5d", stable=True, holds=["e-77", "envelope-completed"])
    v.accept("a completed envelope", s.sign(base), [wanted])
    second = s.sign(base)
    second.headers = [["X-DocuSign-Signature-1", based(s.code(base, secret="a key that we have not"))], ["X-DocuSign-Signature-2", based(s.code(base))]]
    v.accept("the second of two signatures", second, [wanted])
    tenth = s.sign(base)
    tenth.headers = [["x-docusign-signature-10", based(s.code(base))]]
    v.accept("the tenth signature alone", tenth, [wanted])
    s.hostile(base)
    neither = second.copy()
    neither.headers = [["X-DocuSign-Signature-1", based(bytes(32))], ["X-DocuSign-Signature-2", based(s.code(base, secret="not ours"))]]
    v.reject("two signatures of others", neither, "signature")
    v.reject("a header that only looks alike", s.sign(base).drop(s.header).set("X-DocuSign-Signature-x", based(s.code(base))), "header")
    return v


def pagerduty():
    s = Signed("pagerduty", "X-PagerDuty-Signature", "pagerduty secret", body, wrap=lambda text, _: "v1=" + text)
    v = s.vectors

    def incident(id, type):
        return request(
            {"event": {"id": id, "event_type": type, "resource_type": "incident", "occurred_at": "2026-01-01T00:00:00Z", "data": {"id": "PGR0VU2"}}},
            ["X-Webhook-Id", "wh-1"], ["X-Webhook-Subscription", "PXSUB1"])

    base = incident("01BWSOMEEVENT", "incident.triggered")
    wanted = event("01BWSOMEEVENT", "pagerduty.incident.triggered", "incident.triggered", "PXSUB1", True)
    v.accept("an incident", s.sign(base), [wanted])
    stranger = "v1=" + s.code(base, secret="another").hex()
    v.accept("two signatures, the second by our key", s.sign(base).set(s.header, stranger + ",v1=" + s.code(base).hex()), [wanted])
    v.accept("two signatures, the first by our key", s.sign(base).set(s.header, "v1=" + s.code(base).hex() + "," + stranger), [wanted])
    v.accept("an unknown version beside it", s.sign(base).set(s.header, "v9=abc,v1=" + s.code(base).hex()), [wanted])
    v.accept("a resolved one", s.sign(incident("02", "incident.resolved")), [event("02", "pagerduty.incident.resolved", stable=True)])
    s.hostile(base)
    v.reject("only an unknown version", s.sign(base).set(s.header, "v2=" + s.code(base).hex()))
    v.reject("two signatures by other keys", s.sign(base).set(s.header, stranger + "," + stranger), "signature")
    return v


def circleci():
    s = Signed("circleci", "circleci-signature", "hello-world", body, wrap=lambda text, _: "v1=" + text)
    v = s.vectors

    def workflow(id, type):
        return request({"id": id, "type": type, "happened_at": "2026-01-01T00:00:00Z", "organization": {"id": "org-9", "name": "octo"}}, ["circleci-event-type", type])

    base = workflow("3888f21b", "workflow-completed")
    wanted = event("3888f21b", "circleci.workflow-completed", "workflow-completed", "org-9", True)
    v.accept("a workflow", s.sign(base), [wanted])
    v.accept("a job", s.sign(workflow("4", "job-completed")), [event("4", "circleci.job-completed", stable=True)])
    v.accept("other versions beside it", s.sign(base).set(s.header, "v2=00,v1=" + s.code(base).hex() + ",v3=ff"), [wanted])
    published = Signed("circleci", "circleci-signature", "another-secret", body)
    assert published.code(request(None, raw=b"lalala")).hex() == "daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00"
    s.hostile(base)
    v.reject("only another version", s.sign(base).set(s.header, "v2=" + s.code(base).hex()))
    v.reject("no version", s.sign(base).set(s.header, s.code(base).hex()))
    return v


def stripe():
    secret = "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"
    s = Signed(
        "stripe", "Stripe-Signature", secret, dotted, wrap=lambda text, time: f"t={time},v1={text}", time_in_signature=True, tolerance=300)
    v = s.vectors

    def thing(id, type, **more):
        return request({"id": id, "object": "event", "type": type, "created": NOW - 50_000, "data": {"object": {"id": "in_1"}}, **more})

    base = thing("evt_1PkT", "invoice.paid", account="acct_1032D8")
    wanted = event("evt_1PkT", "stripe.invoice.paid", "invoice.paid", "acct_1032D8", True)
    v.accept("an invoice", s.sign(base), [wanted])
    code, stranger = s.code(base).hex(), s.code(base, secret="whsec_other").hex()
    v.accept("two signatures while the secret is rolled, ours second", s.sign(base).set(s.header, f"t={NOW},v1={stranger},v1={code}"), [wanted])
    v.accept("two signatures while the secret is rolled, ours first", s.sign(base).set(s.header, f"t={NOW},v1={code},v1={stranger}"), [wanted])
    v.accept("the decoy of test mode beside it", s.sign(base).set(s.header, f"t={NOW},v1={code},v0={stranger}"), [wanted])
    v.accept("the older of two secrets", s.sign(base), [wanted], keys=[key("whsec_newer"), v.keys[0]])
    v.accept("four minutes old", s.sign(thing_at(base, NOW - 240)), [wanted])
    v.accept("a thin event", s.sign(thing("evt_test_65R9", "v1.billing.meter.error_report_triggered")), [event("evt_test_65R9", stable=True)])
    s.hostile(base)
    v.reject("only the decoy of test mode", s.sign(base).set(s.header, f"t={NOW},v0={code}"))
    v.reject("no time", s.sign(base).set(s.header, f"v1={code}"))
    v.reject("the time of another", s.sign(base).set(s.header, f"t={NOW - 1},v1={code}"), "signature")
    v.reject("two times", s.sign(base).set(s.header, f"t=1,t={NOW},v1={code}"))
    v.reject("a time that is no number", s.sign(base).set(s.header, f"t=now,v1={code}"))
    v.reject("the secret without its prefix", s.sign(base, secret=secret[6:]), "signature")
    v.reject("the body alone is signed", s.with_signature(base, Signed("x", "x", secret, body).code(base).hex()), "signature")
    return v


def thing_at(request, time):
    request = request.copy()
    request.time = time
    return request


def calendly():
    s = Signed(
        "calendly", "Calendly-Webhook-Signature", "5mEzn9C-I28UtwOjZJtFoob0sAAFZ95GbZkqj4y3i0I", dotted,
        wrap=lambda text, time: f"t={time},v1={text}", time_in_signature=True, tolerance=180)
    v = s.vectors

    def invitee(name, at="2026-01-01T00:00:00.000000Z"):
        return request({"created_at": at, "created_by": "https://api.calendly.com/users/AAA", "event": name, "payload": {"uri": "https://api.calendly.com/invitees/BBB"}})

    base = invitee("invitee.created")
    wanted = event(type="calendly.invitee.created", raw="invitee.created", tenant="https://api.calendly.com/users/AAA", stable=True, holds=["BBB"])
    v.accept("an invitee", s.sign(base), [wanted])
    v.accept("one that cancels", s.sign(invitee("invitee.canceled")), [event(type="calendly.invitee.canceled", stable=True)])
    v.accept("two minutes old", s.sign(thing_at(base, NOW - 120)), [wanted])
    s.hostile(base)
    v.reject("four minutes old", s.sign(thing_at(base, NOW - 240)), "timestamp")
    v.reject("no time", s.sign(base).set(s.header, f"v1={s.code(base).hex()}"))
    return v


def paddle():
    s = Signed(
        "paddle", "Paddle-Signature", "pdl_ntfset_01gkdqsa5ttq2q5ctxkzvxkk5d_rv0lkfyGoZ", lambda r, time: time.encode() + b":" + r.body,
        wrap=lambda text, time: f"ts={time};h1={text}", time_in_signature=True, tolerance=300)
    v = s.vectors

    def thing(id, type):
        return request({"event_id": id, "event_type": type, "occurred_at": "2026-01-01T00:00:00.000000Z", "notification_id": "ntf_1", "data": {"id": "txn_1"}})

    base = thing("evt_01hv8x2a", "transaction.completed")
    wanted = event("evt_01hv8x2a", "paddle.transaction.completed", "transaction.completed", stable=True)
    v.accept("a transaction", s.sign(base), [wanted])
    code, stranger = s.code(base).hex(), s.code(base, secret="pdl_other").hex()
    v.accept("two signatures while the secret is rotated", s.sign(base).set(s.header, f"ts={NOW};h1={stranger};h1={code}"), [wanted])
    v.accept("a subscription", s.sign(thing("evt_2", "subscription.created")), [event("evt_2", "paddle.subscription.created", stable=True)])
    s.hostile(base)
    v.reject("only another version", s.sign(base).set(s.header, f"ts={NOW};h2={code}"))
    v.reject("no time", s.sign(base).set(s.header, f"h1={code}"))
    v.reject("commas as Stripe has them", s.sign(base).set(s.header, f"ts={NOW},h1={code}"))
    return v


def colon(version):
    return lambda request, time: f"{version}:{time}:".encode() + request.body


def slack():
    s = Signed(
        "slack", "X-Slack-Signature", "8f742231b10e8888abcd99yyyzzz85a5", colon("v0"), wrap=lambda text, _: "v0=" + text,
        time_header="X-Slack-Request-Timestamp", tolerance=300)
    v = s.vectors

    def callback(id, type):
        return request({"token": "x", "team_id": "T061EG9R6", "api_app_id": "A0MDYCDME", "type": "event_callback", "event_id": id, "event": {"type": type}})

    base = callback("Ev9UQ52YNA", "app_mention")
    wanted = event("Ev9UQ52YNA", "slack.app_mention", "app_mention", "T061EG9R6", True)
    v.accept("a mention", s.sign(base), [wanted])
    v.accept("a retry", s.sign(base.copy().set("X-Slack-Retry-Num", "1")), [wanted])
    v.accept("a message", s.sign(callback("Ev2", "message")), [event("Ev2", "slack.message", "message", stable=True)])
    command = request(None, raw=b"token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T0001&command=%2Fweather&text=94070")
    command.set("Content-Type", "application/x-www-form-urlencoded")
    signed = s.sign(command)
    published = thing_at(command, 1531420618)
    published.body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
        b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
    assert s.code(published).hex() == "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    v.accept("a command, as a form", signed)
    v.accept("the example of Slack's documentation", s.sign(published), now=1531420618)
    s.hostile(base)
    v.reject("no version", s.sign(base).set(s.header, s.code(base).hex()))
    v.reject("another version", s.sign(base).set(s.header, "v1=" + s.code(base).hex()))
    v.reject("the body alone is signed", s.with_signature(base, Signed("x", "x", s.secret, body).code(base).hex()), "signature")
    return v


def zoom():
    s = Signed(
        "zoom", "x-zm-signature", "zoom-secret-token", colon("v0"), wrap=lambda text, _: "v0=" + text, time_header="x-zm-request-timestamp",
        tolerance=300)
    v = s.vectors

    def meeting(name):
        return request({"event": name, "event_ts": NOW * 1000, "payload": {"account_id": "AAAAAABBBB", "object": {"id": "1234567890"}}})

    base = meeting("meeting.started")
    v.accept("a meeting", s.sign(base), [event(type="zoom.meeting.started", raw="meeting.started", tenant="AAAAAABBBB", stable=False)])
    v.accept("a recording", s.sign(meeting("recording.completed")), [event(type="zoom.recording.completed", stable=False)])
    v.accept("four minutes old", s.sign(thing_at(base, NOW - 240)), [event(type="zoom.meeting.started")])
    s.hostile(base)
    v.reject("another version", s.sign(base).set(s.header, "v1=" + s.code(base).hex()))
    return v


def zendesk():
    def iso(time):
        return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    s = Signed(
        "zendesk", "X-Zendesk-Webhook-Signature", "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", lambda r, time: time.encode() + r.body,
        encode=based, time_header="X-Zendesk-Webhook-Signature-Timestamp", time_text=iso, tolerance=300)
    v = s.vectors
    ticket = {"type": "zen:event-type:ticket.created", "account_id": 22129848, "id": "cbe4028c-7239-495d", "time": "2026-01-01T00:00:00Z", "detail": {"id": "5158"}}
    base = request(ticket, ["X-Zendesk-Account-Id", "22129848"], ["X-Zendesk-Webhook-Invocation-Id", "01F8BCR3"])
    v.accept("a ticket", s.sign(base), [
        event("cbe4028c-7239-495d", "zendesk.zen.event-type.ticket.created", "zen:event-type:ticket.created", "22129848", True)])
    trigger = request({"anything": "the customer's own"}, ["X-Zendesk-Account-Id", "22129848"], ["X-Zendesk-Webhook-Invocation-Id", "01F8BCR4"])
    v.accept("a trigger's own body", s.sign(trigger), [event("01F8BCR4", "zendesk.unknown", tenant="22129848")])
    empty = request(None, ["X-Zendesk-Webhook-Invocation-Id", "01F8BCR5"], raw=b"")
    v.accept("no body at all", s.sign(empty))
    s.hostile(base)
    v.reject("the secret decoded as if it were base64", s.sign(base, secret="this_secret_is_for_testing_only"), "signature")
    seconds = s.sign(base)
    seconds.set(s.time_header, str(NOW))
    v.reject("a time in seconds", seconds)
    return v


def linear():
    s = Signed("linear", "Linear-Signature", "lin_wh_6qTT0v2fEs2iZQ1", body)
    v = s.vectors

    def issue(action, delivery, at=NOW, **more):
        value = {"action": action, "type": "Issue", "organizationId": "org-83", "data": {"id": "2174add1"}, "webhookTimestamp": at * 1000, **more}
        return request(value, ["Linear-Delivery", delivery], ["Linear-Event", "Issue"])

    base = issue("create", "234d1a4e-b617")
    wanted = event("234d1a4e-b617", "linear.issue.create", "Issue.create", "org-83", True)
    v.accept("an issue", s.sign(base), [wanted])
    v.accept("half a minute old", s.sign(issue("update", "2", NOW - 30)), [event("2", "linear.issue.update", "Issue.update", stable=True)])
    v.accept("a removed one", s.sign(issue("remove", "3")), [event("3", "linear.issue.remove", stable=True)])
    s.hostile(base)
    v.reject("two minutes old", s.sign(issue("create", "4", NOW - 120)), "timestamp")
    v.reject("two minutes ahead", s.sign(issue("create", "5", NOW + 120)), "timestamp")
    v.reject("no time in the body", s.sign(request({"action": "create", "type": "Issue"}, ["Linear-Delivery", "6"])), "timestamp")
    words = {"action": "create", "type": "Issue", "webhookTimestamp": "now"}
    v.reject("a time in words", s.sign(request(words, ["Linear-Delivery", "7"])), "timestamp")
    v.reject("a fresh time in a header only", s.sign(issue("create", "8", NOW - 3600).set("Linear-Timestamp", str(NOW * 1000))), "timestamp")
    huge = request(None, ["Linear-Delivery", "9"], raw=b'{"action":"create","type":"Issue","webhookTimestamp":' + b"9" * 400 + b"}")
    v.reject("a time of four hundred digits", s.sign(huge), "timestamp")
    return v


SCHEMES = [
    github, bitbucket, shopify, intercom, typeform, asana, jira, notion, dropbox, meta, sentry, vercel, docusign, pagerduty, circleci, stripe,
    calendly, paddle, slack, zoom, zendesk, linear,
]
