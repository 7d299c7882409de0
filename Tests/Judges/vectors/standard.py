# SPDX-License-Identifier: Apache-2.0
"""Standard Webhooks and those who speak it."""
import base64

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from model import NOW, Vectors, event, key
from plain_schemes import request, thing_at
from signed import Signed, based

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def decoded(secret):
    text = secret.removeprefix("whsec_")
    return base64.b64decode(text + "=" * (-len(text) % 4))


def scheme(provider, prefix="webhook", secret=SECRET, kind="whsec-base64", key_bytes=decoded, other=None):
    return Signed(
        provider, f"{prefix}-signature", secret, lambda r, time: f"{r.get(prefix + '-id')}.{time}.".encode() + r.body, encode=based,
        wrap=lambda text, _: "v1," + text, kind=kind, key_bytes=key_bytes, time_header=f"{prefix}-timestamp", tolerance=300,
        other_secret=other or "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")


def cases(s, prefix, base, wanted):
    v, code = s.vectors, s.code(base)
    stranger = "v1," + based(s.code(base, secret=s.other_secret))
    v.accept("an event", s.sign(base), [wanted])
    v.accept("two signatures while the secret is rotated, ours second", s.sign(base).set(s.header, f"{stranger} v1,{based(code)}"), [wanted])
    v.accept("two signatures while the secret is rotated, ours first", s.sign(base).set(s.header, f"v1,{based(code)} {stranger}"), [wanted])
    v.accept("a signature of another version beside it", s.sign(base).set(s.header, f"v1a,{based(bytes(64))} v1,{based(code)}"), [wanted])
    v.accept("four minutes old", s.sign(thing_at(base, NOW - 240)), [wanted])
    s.hostile(base)
    v.reject("no id", s.sign(base).drop(f"{prefix}-id"), "header")
    v.reject("another id", s.sign(base).set(f"{prefix}-id", "msg_other"), "signature")
    v.reject("the id twice", s.sign(base).twice(f"{prefix}-id"), "header")
    v.reject("no version", s.sign(base).set(s.header, based(code)))
    v.reject("only another version", s.sign(base).set(s.header, "v2," + based(code)))
    v.reject("an Ed25519 version with an HMAC in it", s.sign(base).set(s.header, "v1a," + based(code)))
    v.reject("the version in upper case", s.sign(base).set(s.header, "V1," + based(code)))
    v.reject("commas between signatures", s.sign(base).set(s.header, f"{stranger},v1,{based(code)}"))


def thing(prefix, id="msg_p5jXN8AQM9LWM0D4loKWxJek", type="invoice.paid", **more):
    return request({"type": type, "timestamp": "2026-01-01T00:00:00Z", "data": {"id": "inv_1"}, **more}, [f"{prefix}-id", id])


def standard_webhooks():
    s = scheme("standard-webhooks")
    base = thing("webhook")
    cases(s, "webhook", base, event("msg_p5jXN8AQM9LWM0D4loKWxJek", raw="invoice.paid", stable=True))
    v = s.vectors
    v.accept("the secret without its prefix", s.sign(base), keys=[key(SECRET[6:], "whsec-base64")])
    v.accept("the secret without its padding", scheme("x", secret="whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").sign(base), keys=[
        key("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "whsec-base64")])
    published = request(None, ["webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"], raw=b'{"test": 2432232314}')
    published.time = 1614265330
    assert based(s.code(published)) == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    v.accept("the example of the reference library", s.sign(published), now=1614265330)
    v.reject("the text of the secret as the key", scheme("x", key_bytes=lambda text: text.encode()).sign(base), "signature")
    v.reject("a dot moved from the body into the id", dotted_id(s), None)
    return v


def dotted_id(s):
    """The same signed bytes, cut elsewhere."""
    good = s.sign(request(None, ["webhook-id", "a"], raw=b"b.{}"))
    good.set("webhook-id", f"a.{good.get('webhook-timestamp')}").set("webhook-timestamp", "b")
    good.body = b"{}"
    return good


def svix():
    s = scheme("svix", "svix")
    base = thing("svix")
    cases(s, "svix", base, event("msg_p5jXN8AQM9LWM0D4loKWxJek", raw="invoice.paid", stable=True))
    other = scheme("x", "webhook").sign(thing("webhook"))
    s.vectors.accept("the names of Standard Webhooks", other, [event("msg_p5jXN8AQM9LWM0D4loKWxJek", raw="invoice.paid", stable=True)])
    return s.vectors


def openai():
    s = scheme("openai")
    base = thing("webhook", "wh_685343a1381c819085d44c354e1b330e", "response.completed", object="event", created_at=NOW - 1000)
    wanted = event("wh_685343a1381c819085d44c354e1b330e", "openai.response.completed", "response.completed", stable=True)
    cases(s, "webhook", base, wanted)
    raw = scheme("x", secret="a secret that has no prefix", key_bytes=lambda text: text.encode())
    s.vectors.accept("a secret without whsec_ is plain text", raw.sign(base), [wanted], keys=[key("a secret that has no prefix")])
    return s.vectors


def gitlab_signed():
    s = scheme("gitlab-signed", secret="whsec_" + based(bytes(range(32))))
    push = {"object_kind": "push", "event_name": "push", "project_id": 15, "project": {"id": 15, "name": "Diaspora"}, "ref": "refs/heads/master"}
    base = request(push, ["webhook-id", "d3a1"], ["X-Gitlab-Event", "Push Hook"], ["Idempotency-Key", "d3a1"], ["X-Gitlab-Instance", "https://gitlab.example.com"])
    cases(s, "webhook", base, event("d3a1", "gitlab.push.hook", "Push Hook", "15", True))
    s.vectors.reject("a token instead of a signature", base.copy().set("X-Gitlab-Token", s.secret))
    return s.vectors


def standard_v1a():
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    stranger = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    v = Vectors("standard-webhooks-v1a", [key("whpk_" + based(public), "whpk-ed25519")])

    def sign(request, by=private, version="v1a"):
        request = request.copy().set("webhook-timestamp", str(request.time))
        text = f"{request.get('webhook-id')}.{request.time}.".encode() + request.body
        return request.set("webhook-signature", f"{version},{based(by.sign(text))}")

    base = thing("webhook")
    good = sign(base)
    wanted = event("msg_p5jXN8AQM9LWM0D4loKWxJek", raw="invoice.paid", stable=True)
    v.accept("an event", good, [wanted])
    v.accept("another's signature before ours", good.copy().set("webhook-signature", sign(base, stranger).get("webhook-signature") + " " + good.get("webhook-signature")), [wanted])
    v.accept("an HMAC beside it", good.copy().set("webhook-signature", f"v1,{based(bytes(32))} " + good.get("webhook-signature")), [wanted])
    signature = base64.b64decode(good.get("webhook-signature")[4:])

    def with_signature(text):
        return good.copy().set("webhook-signature", text)

    v.reject("signed by another", sign(base, stranger), "signature")
    v.reject("no signature", good.copy().drop("webhook-signature"), "header")
    v.reject("called v1", sign(base, version="v1"))
    v.reject("half of the signature", with_signature("v1a," + based(signature[:32])))
    v.reject("in hexadecimal", with_signature("v1a," + signature.hex()))
    v.reject("one changed bit", with_signature("v1a," + based(bytes([signature[0] ^ 1]) + signature[1:])), "signature")
    v.reject("zeros", with_signature("v1a," + based(bytes(64))), "signature")
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    v.reject("the same signature with its number above the group's order", with_signature("v1a," + based(signature[:32] + shifted)), "signature")
    v.reject("the signature twice", good.copy().twice("webhook-signature"), "header")
    v.reject("signed too long ago", sign(thing_at(base, NOW - 400)), "timestamp")
    v.reject("signed in the future", sign(thing_at(base, NOW + 400)), "timestamp")
    v.reject("another id", good.copy().set("webhook-id", "other"), "signature")
    changed = good.copy()
    changed.body += b" "
    v.reject("a blank behind the body", changed, "signature")
    hmac_by_public = scheme("x", secret="whsec_" + based(public)).sign(base)
    v.reject("an HMAC whose key is the public key", hmac_by_public)
    v.reject("an HMAC whose key is the public key, called v1a", hmac_by_public.set("webhook-signature", "v1a" + hmac_by_public.get("webhook-signature")[2:]))
    return v


SCHEMES = [standard_webhooks, svix, openai, gitlab_signed, standard_v1a]
