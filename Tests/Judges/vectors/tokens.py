# SPDX-License-Identifier: Apache-2.0
"""Schemes that compare a secret, and those that carry a JSON Web Token: the body is not signed."""
import base64
import hashlib
import hmac
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from asymmetric import certified
from model import NOW, Request, Vectors, event, json_body, key
from plain_schemes import request
from signed import Signed, based


def wrong_tokens(v, good, header, secret, wrap=lambda text: text):
    """What is not quite the secret."""

    def with_token(text):
        return good.copy().set(header, wrap(text))

    v.reject("no token", good.copy().drop(header), "header")
    v.reject("an empty token", good.copy().set(header, ""), "header")
    v.reject("another token", with_token("another"), "signature")
    v.reject("the token without its last character", with_token(secret[:-1]), "signature")
    v.reject("the token with something behind it", with_token(secret + "x"), "signature")
    v.reject("the token in the other case", with_token(secret.swapcase()), "signature")
    v.reject("the token twice in one header", with_token(secret + "," + secret), "signature")
    v.reject("the header twice", good.copy().twice(header), "header")
    v.reject("a zero byte behind the token", with_token(secret + "\x00"))
    v.reject("another token of the same length", with_token("x" * len(secret)), "signature")


def gitlab_token():
    secret = "My-Secret-Token"
    v = Vectors("gitlab-token", [key(secret)])
    push = {"object_kind": "push", "project_id": 15, "ref": "refs/heads/master"}
    base = request(push, ["X-Gitlab-Event", "Push Hook"], ["X-Gitlab-Token", secret], ["Idempotency-Key", "7d2c"], ["X-Gitlab-Instance", "https://gitlab.example.com"])
    v.accept("a push", base, [event("7d2c", "gitlab.push.hook", "Push Hook", "15", True)])
    v.accept("a note", base.copy().set("X-Gitlab-Event", "Note Hook"), [event("7d2c", "gitlab.note.hook", "Note Hook", stable=True)])
    v.accept("one of two tokens", base, keys=[key("newer"), v.keys[0]])
    wrong_tokens(v, base, "X-Gitlab-Token", secret)
    return v


def telegram():
    secret = "telegram_Secret-Token_1"
    v = Vectors("telegram", [key(secret)])

    def update(id, **what):
        return request({"update_id": id, **what}, ["X-Telegram-Bot-Api-Secret-Token", secret])

    base = update(10000, message={"message_id": 1365, "text": "/start"})
    v.accept("a message", base, [event("10000", "telegram.message", "message", stable=True)])
    v.accept("a query", update(10001, callback_query={"id": "4382"}), [event("10001", "telegram.callback_query", "callback_query", stable=True)])
    v.accept("one of two tokens", base, keys=[key("newer"), v.keys[0]])
    wrong_tokens(v, base, "X-Telegram-Bot-Api-Secret-Token", secret)
    return v


def huggingface():
    secret = "hugging-secret-face"
    v = Vectors("huggingface", [key(secret)])

    def change(action, scope):
        return request({"event": {"action": action, "scope": scope}, "repo": {"type": "model", "name": "some-user/some-repo"}, "webhook": {"id": "6390e855"}}, ["X-Webhook-Secret", secret])

    base = change("update", "repo.content")
    v.accept("a commit", base, [event(type="huggingface.repo.content.update", raw="repo.content.update", tenant="some-user/some-repo", stable=False)])
    v.accept("a discussion", change("create", "discussion"), [event(type="huggingface.discussion.create", stable=False)])
    v.accept("one of two secrets", base, keys=[key("newer"), v.keys[0]])
    wrong_tokens(v, base, "X-Webhook-Secret", secret)
    return v


def msgraph():
    secret = "SecretClientState"
    v = Vectors("msgraph", [key(secret)])

    def change(id=None, state=secret, kind="updated", subscription="s-1"):
        made = {"id": id, "subscriptionId": subscription, "clientState": state, "changeType": kind, "resource": "users/1/messages/2", "tenantId": "84bd8158"}
        return {name: value for name, value in made.items() if value is not None}

    def batch(*values):
        return request({"value": list(values)})

    v.accept("a change", batch(change("lsgTZMr9KwAAA")), [event("lsgTZMr9KwAAA", "msgraph.updated", "updated", "84bd8158")])
    v.accept("two changes", batch(change("a"), change("b", kind="created")), [event("a", "msgraph.updated"), event("b", "msgraph.created")])
    v.accept("no id of its own", batch(change()), [event(type="msgraph.updated", stable=False)])
    v.accept("one of two states", batch(change("a")), keys=[key("newer"), v.keys[0]])
    v.reject("another state", batch(change("a", "other")), "signature")
    v.reject("no state", batch(change("a", None)))
    v.reject("an empty state", batch(change("a", "")))
    v.reject("the state without its last letter", batch(change("a", secret[:-1])), "signature")
    v.reject("the state in lower case", batch(change("a", secret.lower())), "signature")
    v.reject("one of two has another state", batch(change("a"), change("b", "other")), "signature")
    v.reject("the second of two has none", batch(change("a"), change("b", None)))
    v.reject("the state is a list", batch(dict(change("a"), clientState=[secret])))
    v.reject("the state stands elsewhere", request({"clientState": secret, "value": [change("a", None)]}))
    v.reject("no JSON", request(None, raw=b"clientState=" + secret.encode()))
    v.reject("nothing in it", batch())
    v.reject("value is an object", request({"value": change("a")}))
    v.reject("two states in one change", request(None, raw=b'{"value":[{"clientState":"SecretClientState","id":"a","changeType":"updated","clientState":"x"}]}'))
    return v


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def basics(provider, bodies):
    secret = "postmark:pass:word-ü"
    v = Vectors(provider, [key(secret, "basic")])
    requests = [(name, request(body, ["Authorization", basic(secret)]), wanted) for name, body, wanted in bodies]
    base = requests[0][1]
    for name, made, wanted in requests:
        v.accept(name, made, [wanted])
    v.accept("the scheme in lower case", base.copy().set("Authorization", basic(secret).replace("Basic", "basic")), [requests[0][2]])
    v.accept("one of two passwords", base, keys=[key("a:b", "basic"), v.keys[0]])
    wrong_tokens(v, base, "Authorization", secret, basic)
    v.reject("only the user", base.copy().set("Authorization", basic("postmark")), "signature")
    v.reject("an empty password", base.copy().set("Authorization", basic("postmark:")), "signature")
    v.reject("not in base64", base.copy().set("Authorization", "Basic " + secret.replace("ü", "u")))
    v.reject("as a bearer", base.copy().set("Authorization", "Bearer " + basic(secret)[6:]))
    v.reject("without the scheme", base.copy().set("Authorization", basic(secret)[6:]))
    return v


def postmark():
    return basics("postmark", [
        ("a delivery", {"MessageID": "883953f4-6105-42a2", "RecordType": "Delivery", "ServerID": 23, "Recipient": "john@example.com"},
         event(type="postmark.delivery", raw="Delivery", tenant="23", holds=["883953f4-6105-42a2", "Delivery"])),
        ("a bounce", {"ID": 4323372036854775807, "RecordType": "Bounce", "MessageID": "883953f4-6105-42a2", "ServerID": 23},
         event(type="postmark.bounce", raw="Bounce", tenant="23", holds=["4323372036854775807"])),
        ("an open", {"RecordType": "Open", "MessageID": "883953f4-6105-42a2", "ReceivedAt": "2026-01-01T00:00:00.0000000Z", "ServerID": 23},
         event(type="postmark.open", raw="Open", tenant="23", holds=["883953f4-6105-42a2", "Open", "2026-01-01T00:00:00.0000000Z"])),
    ])


def generic_basic():
    return basics("generic-basic", [("something", {"id": "1", "type": "a.b"}, event()), ("something else", {"x": 1}, event())])


def generic_bearer():
    secret = "a-Bearer-token-0123456789"
    v = Vectors("generic-bearer", [key(secret)])
    base = request({"id": "1", "type": "thing.made"}, ["Authorization", "Bearer " + secret])
    v.accept("something", base)
    v.accept("the scheme in lower case", base.copy().set("Authorization", "bearer " + secret))
    v.accept("one of two tokens", base, keys=[key("newer"), v.keys[0]])
    wrong_tokens(v, base, "Authorization", secret, lambda text: "Bearer " + text)
    v.reject("without the scheme", base.copy().set("Authorization", secret))
    v.reject("another scheme", base.copy().set("Authorization", "Token " + secret))
    v.reject("as a password", base.copy().set("Authorization", basic(secret)))
    return v


def generic_apikey():
    secret = "an-API-key-0123456789"
    v = Vectors("generic-apikey", [key(secret)])
    base = request({"id": "1", "type": "thing.made"}, ["X-API-Key", secret])
    v.accept("something", base)
    v.accept("the header in lower case", request({"id": "2"}, ["x-api-key", secret]))
    v.accept("one of two keys", base, keys=[key("newer"), v.keys[0]])
    wrong_tokens(v, base, "X-API-Key", secret)
    return v


def mailgun():
    secret = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
    v = Vectors("mailgun", [key(secret)])

    def sign(time, token, by=secret):
        return hmac.new(by.encode(), f"{time}{token}".encode(), hashlib.sha256).hexdigest()

    def thing(signature, id="Ase7i2zsRYeDXztHGENqRA", kind="delivered"):
        return request({"signature": signature, "event-data": {"event": kind, "id": id, "timestamp": NOW - 5, "recipient": "a@b.example", "domain": {"name": "example.com"}}})

    token = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0"
    signature = {"timestamp": str(NOW), "token": token, "signature": sign(NOW, token)}
    wanted = event("Ase7i2zsRYeDXztHGENqRA", "mailgun.delivered", "delivered")
    v.accept("a delivery", thing(signature), [wanted])
    v.accept("the same again, as a retry is", thing(signature), [wanted])
    v.accept("an open", thing(signature, "2", "opened"), [event("2", "mailgun.opened", "opened")])
    v.accept("a subaccount's", thing(dict(signature, **{"parent-signature": "x"})), [wanted])
    v.accept("one of two keys", thing(signature), [wanted], keys=[key("newer"), v.keys[0]])

    def both(own, parents):
        body = json.loads(thing(own).body)
        return request(body | {"parent-signature": parents})

    old = {"timestamp": str(NOW - 86400), "token": token, "signature": sign(NOW - 86400, token)}
    v.accept("the account's own signature, beside a stale one", both(old, signature), [wanted])
    v.reject("two stale signatures", both(old, old), "timestamp")
    blanks = thing(signature)
    blanks.body = b"\r\n\t " + blanks.body
    v.accept("blanks before the object, of no declared type", blanks.copy().drop("Content-Type"), [wanted])

    mark = "xYzZY-7"
    kind = ["Content-Type", f'multipart/form-data; boundary="{mark}"']

    def part(name, text, more=""):
        return f'--{mark}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{text}\r\n'

    def mail(*parts, end=f"--{mark}--\r\n", kind=kind):
        made = request(None, raw=("".join(parts) + end).encode())
        made.headers = [kind]
        return made

    proof = [part(name, text) for name, text in signature.items()]
    letter = [part("recipient", "a@b.example"), part("domain", "example.com"), part("attachment-1", "--xYzZY\r\nx\r\n\r\n", '; filename="a.txt"\r\nContent-Type: text/plain')]
    received = [event(token, "mailgun.unknown", None)]
    v.accept("a letter with an attachment", mail(*letter, *proof), received)
    v.accept("a letter, its boundary without quotes, after a preamble", mail("To whom it may concern\r\n", *proof, *letter, kind=["content-type", f"Multipart/Form-Data; Boundary={mark}"]), received)
    v.reject("a letter with two tokens", mail(*proof, *letter, proof[1]), "body")
    v.reject("a letter whose token is a file", mail(proof[0], proof[2], *letter, part("token", token, '; filename="t"')), "body")
    v.reject("a letter that breaks off", mail(*proof, *letter, end=""), "body")
    v.reject("a letter with another token", mail(proof[0], proof[2], part("token", token[:-1] + "1")), "signature")
    v.reject("a letter without a boundary", mail(*proof, *letter, kind=["Content-Type", "multipart/form-data"]), "body")
    inner = "".join(proof).replace(mark, "inner") + "--inner--\r\n"
    v.reject("a letter whose proof stands inside of a part", mail(*letter, part("body-plain", inner)), "body")
    v.reject("the key of another", thing(dict(signature, signature=sign(NOW, token, "other"))), "signature")
    v.reject("another token", thing(dict(signature, token=token[:-1] + "1")), "signature")
    v.reject("another time", thing(dict(signature, timestamp=str(NOW - 1))), "signature")
    v.reject("no signature", thing({"timestamp": str(NOW), "token": token}))
    v.reject("no token", thing({"timestamp": str(NOW), "signature": sign(NOW, "")}))
    v.reject("no time", thing({"token": token, "signature": sign("", token)}))
    v.reject("nothing of it", thing({}))
    v.reject("half of the signature", thing(dict(signature, signature=signature["signature"][:32])))
    v.reject("in base64", thing(dict(signature, signature=based(bytes.fromhex(signature["signature"])))))
    v.reject("an empty signature", thing(dict(signature, signature="")))
    v.reject("zeros", thing(dict(signature, signature="0" * 64)), "signature")
    v.reject("the signature in a list", thing(dict(signature, signature=[signature["signature"]])))
    v.reject("a digit moved from the time into the token", thing({"timestamp": str(NOW)[:-1], "token": str(NOW)[-1] + token, "signature": signature["signature"]}))
    v.reject("no JSON", request(None, raw=b"signature"))
    v.reject("the signature in a header", request({"event-data": {"id": "1"}}, ["signature", signature["signature"]]))
    return v


def wrong_jwts(v, send, claims, secret, algorithm, decoy):
    """What must not pass for a token of `claims`. `send` makes a request around a token."""
    good = jwt.encode(claims, secret, algorithm)
    header, payload, signature = good.split(".")
    v.reject("no token", send(None), "header")
    v.reject("an empty token", send(""))
    v.reject("the key of another", send(jwt.encode(claims, decoy, algorithm)), "signature")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    v.reject("no algorithm", send(f"{none}.{payload}."))
    v.reject("no algorithm, with the signature", send(f"{none}.{payload}.{signature}"))
    v.reject("no signature", send(f"{header}.{payload}."))
    v.reject("only two parts", send(f"{header}.{payload}"))
    v.reject("four parts", send(f"{good}.{signature}"))
    v.reject("a changed payload", send(f"{header}.{forged(payload)}.{signature}"), "signature")
    v.reject("half of the signature", send(f"{header}.{payload}.{signature[: len(signature) // 2]}"))
    v.reject("a payload that is no JSON", send(f"{header}.{base64.urlsafe_b64encode(b'nothing').rstrip(b'=').decode()}.{signature}"))
    v.reject("expired", send(jwt.encode(dict(claims, exp=NOW - 600), secret, algorithm)), "timestamp")
    v.reject("three parts that are nothing", send("a.b.c"))


def forged(payload):
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return base64.urlsafe_b64encode(json.dumps(dict(claims, forged=1)).encode()).rstrip(b"=").decode()


def monday():
    secret, audience = "monday-signing-secret-of-this-app", "https://hooks.example.com/hooks/monday"
    v = Vectors("monday", [key(secret)], {"audience": audience})
    claims = {"accountId": 1825529, "userId": 4012689, "aud": audience, "iat": NOW, "exp": NOW + 300}

    def thing(token, trigger="9a2d6ed2", kind="create_pulse"):
        made = request({"event": {"type": kind, "triggerUuid": trigger, "boardId": 1771812698, "pulseId": 1772099344, "userId": 9603417}})
        return made if token is None else made.set("Authorization", token)

    good = jwt.encode(claims, secret, "HS256")
    v.accept("a new item", thing(good), [event("9a2d6ed2", "monday.create_pulse", "create_pulse", "1825529", True)])
    v.accept("a changed column", thing(good, "2", "change_column_value"), [event("2", "monday.change_column_value", tenant="1825529", stable=True)])
    v.accept("one of two secrets", thing(good), keys=[key("newer"), v.keys[0]])
    wrong_jwts(v, thing, claims, secret, "HS256", "another secret")
    v.reject("another audience", thing(jwt.encode(dict(claims, aud="https://other.example/hooks/monday"), secret, "HS256")))
    v.reject("no audience", thing(jwt.encode({name: value for name, value in claims.items() if name != "aud"}, secret, "HS256")))
    v.reject("another algorithm", thing(jwt.encode(claims, secret, "HS512")))
    v.reject("the token twice", thing(good).twice("Authorization"), "header")
    return v


def connect():
    secret = "atlassian-shared-secret-of-the-tenant"
    v = Vectors("atlassian-connect-jwt", [key(secret)])
    base = request({"timestamp": NOW * 1000, "webhookEvent": "jira:issue_created", "issue": {"id": "1"}}, ["X-Atlassian-Webhook-Identifier", "aa-1"])
    base.url = "https://hooks.example.com/hooks/door?user_id=a%20b&b=2&b=1"
    canonical = "POST&/hooks/door&b=1,2&user_id=a%20b"
    claims = {"iss": "jira:15489595", "iat": NOW, "exp": NOW + 180, "qsh": hashlib.sha256(canonical.encode()).hexdigest()}

    def send(token):
        return base.copy() if token is None else base.copy().set("Authorization", "JWT " + token)

    def encode(**change):
        return jwt.encode({name: value for name, value in dict(claims, **change).items() if value is not None}, secret, "HS256")

    wanted = event("aa-1", raw="jira:issue_created", tenant="jira:15489595")
    v.accept("an issue", send(encode()), [wanted])
    query = base.copy()
    query.url += "&jwt=" + encode()
    v.accept("the token in the address", query, [wanted])
    v.accept("one of two secrets", send(encode()), [wanted], keys=[key("newer"), v.keys[0]])
    wrong_jwts(v, send, claims, secret, "HS256", "another secret")
    v.reject("another algorithm", send(jwt.encode(claims, secret, "HS512")))
    v.reject("no hash of the address", send(encode(qsh=None)))
    v.reject("the hash of another address", send(encode(qsh=hashlib.sha256(b"POST&/other&").hexdigest())))
    v.reject("the fixed hash that only contexts have", send(encode(qsh="context-qsh")))
    moved = send(encode())
    moved.url = moved.url.replace("b=2", "b=3")
    v.reject("another query", moved)
    method = send(encode())
    method.method = "PUT"
    v.reject("another method", method)
    v.reject("the token twice", send(encode()).twice("Authorization"), "header")
    return v


def pubsub():
    private, certificate = certified("federated-signon.system.gserviceaccount.com")
    stranger, _ = certified("federated-signon.system.gserviceaccount.com")
    audience, email = "https://hooks.example.com/hooks/pubsub", "push@my-project.iam.gserviceaccount.com"
    v = Vectors("google-pubsub", [key(certificate, "x509-pem")], {"audience": audience, "email": email})
    claims = {"aud": audience, "azp": "1123", "email": email, "email_verified": True, "iss": "https://accounts.google.com", "iat": NOW, "exp": NOW + 3600, "sub": "1123"}

    def send(token):
        made = request({"message": {"attributes": {"eventType": "OBJECT_FINALIZE"}, "data": "SGVsbG8=", "messageId": "2070443601311540", "publishTime": "2026-01-01T00:00:00Z"}, "subscription": "projects/my-project/subscriptions/s"})
        return made if token is None else made.set("Authorization", "Bearer " + token)

    def encode(by=private, algorithm="RS256", **change):
        return jwt.encode({name: value for name, value in dict(claims, **change).items() if value is not None}, by, algorithm)

    wanted = event("2070443601311540", tenant="projects/my-project/subscriptions/s", stable=True)
    v.accept("a message", send(encode()), [wanted])
    v.accept("the issuer without its scheme", send(encode(iss="accounts.google.com")), [wanted])
    v.accept("the scheme in lower case", send(encode()).set("Authorization", "bearer " + encode()), [wanted])
    wrong_jwts(v, send, claims, private, "RS256", stranger)
    v.reject("another audience", send(encode(aud="https://other.example")))
    v.reject("no audience", send(encode(aud=None)))
    v.reject("another sender", send(encode(email="other@my-project.iam.gserviceaccount.com")))
    v.reject("no sender", send(encode(email=None)))
    v.reject("an address that nobody verified", send(encode(email_verified=False)))
    v.reject("another issuer", send(encode(iss="https://accounts.google.com.evil.example")))
    v.reject("no issuer", send(encode(iss=None)))
    v.reject("no expiry", send(encode(exp=None)))
    v.reject("another hash", send(encode(algorithm="RS512")))
    v.reject("another padding", send(encode(algorithm="PS256")))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    payload = encode().split(".")[1].encode()
    for name, text in [("the public key", public), ("the certificate", certificate.encode())]:
        code = base64.urlsafe_b64encode(hmac.new(text, header + b"." + payload, hashlib.sha256).digest()).rstrip(b"=")
        v.reject(f"an HMAC whose key is {name}", send((header + b"." + payload + b"." + code).decode()))
    v.reject("the token twice", send(encode()).twice("Authorization"), "header")
    return v


SCHEMES = [gitlab_token, telegram, huggingface, msgraph, postmark, generic_basic, generic_bearer, generic_apikey, mailgun, monday, connect, pubsub]
