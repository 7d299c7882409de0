# SPDX-License-Identifier: Apache-2.0
"""Schemes whose signer has a private key. The keys are new at each run: the lines carry only the public side."""
import base64
import datetime
import json
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from model import NOW, Request, Vectors, event, json_body, key
from plain_schemes import request, thing_at
from signed import based


def certified(name):
    """An RSA key and a certificate for it, valid from 2025 to 2035."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(private.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(datetime.datetime(2025, 1, 1))
    made = made.not_valid_after(datetime.datetime(2035, 1, 1))
    return private, made.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def flipped(signature, place=0):
    changed = bytearray(signature)
    changed[place] ^= 1
    return bytes(changed)


def sendgrid():
    signature_header, time_header = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
    private, stranger = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def public(of):
        return based(of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    v = Vectors("sendgrid", [key(public(private), "p256-spki-base64")])

    def sign(request, by=private, hash=hashes.SHA256(), message=None):
        message = str(request.time).encode() + request.body if message is None else message
        request = request.copy().set(time_header, str(request.time))
        return request.set(signature_header, based(by.sign(message, ec.ECDSA(hash))))

    events = [
        {"email": "a@b.example", "timestamp": NOW, "event": "processed", "sg_event_id": "cHJvY2Vzc2Vk-1", "sg_message_id": "14c5d75ce93.dfd"},
        {"email": "a@b.example", "timestamp": NOW, "event": "delivered", "sg_event_id": "ZGVsaXZlcmVk-1", "sg_message_id": "14c5d75ce93.dfd"},
    ]
    wanted = [event(one["sg_event_id"], "sendgrid." + one["event"], one["event"], stable=True) for one in events]
    base = request(None, raw=json_body(events) + b"\r\n")
    good = sign(base)
    signature = base64.b64decode(good.get(signature_header))
    v.accept("two events, CRLF behind them", good, wanted)
    v.accept("one event", sign(request(events[:1])), wanted[:1])
    v.accept("two configured keys, the second one's", good, wanted, keys=[key(public(stranger), "p256-spki-base64"), v.keys[0]])
    v.accept("an unknown kind of event", sign(request([{"event": "zapped", "sg_event_id": "z"}])), [event("z", "sendgrid.zapped", "zapped", stable=True)])

    def with_signature(text):
        return good.copy().set(signature_header, text)

    trimmed = good.copy()
    trimmed.body = trimmed.body.rstrip()
    v.reject("the CRLF trimmed on the way", trimmed, "signature")
    reserialised = good.copy()
    reserialised.body = json.dumps(events).encode() + b"\r\n"
    v.reject("JSON that somebody wrote again", reserialised, "signature")
    v.reject("signed by another", sign(base, stranger), "signature")
    v.reject("no signature", good.copy().drop(signature_header), "header")
    v.reject("an empty signature", with_signature(""))
    v.reject("the signature twice", good.copy().twice(signature_header), "header")
    v.reject("no time", good.copy().drop(time_header))
    v.reject("the time twice", good.copy().twice(time_header))
    v.reject("another time", good.copy().set(time_header, str(NOW - 1)), "signature")
    v.reject("signed too long ago", sign(thing_at(base, NOW - 3600)), "timestamp")
    v.reject("signed in the future", sign(thing_at(base, NOW + 3600)), "timestamp")
    v.reject("half of the signature", with_signature(based(signature[: len(signature) // 2])))
    v.reject("one changed bit of its last byte", with_signature(based(flipped(signature, -1))), "signature")
    v.reject("in hexadecimal", with_signature(signature.hex()))
    r, s = decode_dss_signature(signature)
    v.reject("two numbers of 32 bytes instead of DER", with_signature(based(r.to_bytes(32, "big") + s.to_bytes(32, "big"))))
    v.reject("bytes behind the DER", with_signature(based(signature + b"\x00\x00")))
    v.reject("two zeros as numbers", with_signature(based(bytes.fromhex("3006020100020100"))))
    v.reject("SHA-512 instead of SHA-256", sign(base, hash=hashes.SHA512()), "signature")
    v.reject("the time is not signed", sign(base, message=base.body), "signature")
    p384 = ec.generate_private_key(ec.SECP384R1())
    v.reject("a key on another curve", sign(base, p384))
    return v


def discord():
    signature_header, time_header = "X-Signature-Ed25519", "X-Signature-Timestamp"
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(40, 72)))
    stranger = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(41, 73)))
    v = Vectors("discord", [key(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(), "ed25519-hex")])

    def sign(request, by=private):
        request = request.copy().set(time_header, str(request.time))
        return request.set(signature_header, by.sign(str(request.time).encode() + request.body).hex())

    def interaction(id, kind, **more):
        return request({"id": id, "application_id": "845027738276462632", "type": kind, "token": "A_UNIQUE_TOKEN", "version": 1, **more})

    base = interaction("846462639134605312", 2, guild_id="772904309264089089", data={"name": "cardsearch"})
    good = sign(base)
    signature = bytes.fromhex(good.get(signature_header))
    v.accept("a command", good, [event("846462639134605312", "discord.2", "2", "772904309264089089", True)])
    v.accept("a command outside of any guild", sign(interaction("9", 2)), [event("9", "discord.2", "2", "845027738276462632", True)])
    v.accept("a ping", sign(interaction("1", 1)))
    v.accept("a component", sign(interaction("10", 3)), [event("10", "discord.3", stable=True)])

    def with_signature(text):
        return good.copy().set(signature_header, text)

    changed = good.copy()
    changed.body += b" "
    v.reject("a blank behind the body", changed, "signature")
    v.reject("a ping signed by another", sign(interaction("1", 1), stranger), "signature")
    v.reject("signed by another", sign(base, stranger), "signature")
    v.reject("no signature", good.copy().drop(signature_header), "header")
    v.reject("no time", good.copy().drop(time_header))
    v.reject("the signature twice", good.copy().twice(signature_header), "header")
    v.reject("an empty signature", with_signature(""))
    v.reject("half of the signature", with_signature(signature[:32].hex()))
    v.reject("one hexadecimal digit less", with_signature(signature.hex()[:-1]))
    v.reject("in base64", with_signature(based(signature)))
    v.reject("letters that are no digits", with_signature("zz" + signature.hex()[2:]))
    v.reject("one changed bit", with_signature(flipped(signature).hex()), "signature")
    v.reject("zeros", with_signature(bytes(64).hex()), "signature")
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    v.reject("the same signature with its number above the group's order", with_signature((signature[:32] + shifted).hex()), "signature")
    v.reject("another time", good.copy().set(time_header, str(NOW - 1)), "signature")
    v.reject("signed an hour ago", sign(thing_at(base, NOW - 3600)), "timestamp")
    v.reject("signed an hour ahead", sign(thing_at(base, NOW + 3600)), "timestamp")
    return v


def paypal():
    private, certificate = certified("messageverificationcerts.paypal.com")
    stranger, _ = certified("messageverificationcerts.paypal.com")
    webhook = "5GP028458E2496506"
    v = Vectors("paypal", [key(certificate, "x509-pem")], {"webhook_id": webhook})
    where = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270"

    def sign(request, by=private, hash=hashes.SHA256(), webhook=webhook, pad=padding.PKCS1v15(), crc=None):
        request = request.copy()
        time = datetime.datetime.fromtimestamp(request.time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        request.set("PAYPAL-TRANSMISSION-ID", "69cd13f0-d67a-11e5-baa3-778b53f4ae55").set("PAYPAL-TRANSMISSION-TIME", time)
        request.set("PAYPAL-CERT-URL", where).set("PAYPAL-AUTH-ALGO", "SHA256withRSA")
        crc = zlib.crc32(request.body) if crc is None else crc
        message = f"69cd13f0-d67a-11e5-baa3-778b53f4ae55|{time}|{webhook}|{crc}".encode()
        return request.set("PAYPAL-TRANSMISSION-SIG", based(by.sign(message, pad, hash)))

    def thing(id, type):
        return request({"id": id, "event_version": "1.0", "create_time": "2026-01-01T00:00:00.000Z", "event_type": type, "resource": {"id": "8EE27", "amount": {"total": "7.47"}}})

    base = thing("WH-2WR32451HC0233532-67976317FL4543714", "PAYMENT.SALE.COMPLETED")
    good = sign(base)
    header = "PAYPAL-TRANSMISSION-SIG"
    signature = base64.b64decode(good.get(header))
    wanted = event("WH-2WR32451HC0233532-67976317FL4543714", "paypal.payment.sale.completed", "PAYMENT.SALE.COMPLETED", stable=True)
    v.accept("a sale", good, [wanted])
    v.accept("an order", sign(thing("WH-2", "CHECKOUT.ORDER.APPROVED")), [event("WH-2", "paypal.checkout.order.approved", stable=True)])
    v.accept("a body beyond ASCII", sign(request({"id": "WH-3", "event_type": "A.B", "text": "ü ✓"})), [event("WH-3", "paypal.a.b", stable=True)])

    def with_signature(text):
        return good.copy().set(header, text)

    changed = good.copy()
    changed.body += b" "
    v.reject("a blank behind the body", changed, "signature")
    v.reject("signed by another", sign(base, stranger), "signature")
    v.reject("another webhook's id", good, "signature", config={"webhook_id": "WEBHOOK_ID"})
    v.reject("signed for another webhook", sign(base, webhook="0"), "signature")
    v.reject("the checksum in hexadecimal", sign(base, crc=format(zlib.crc32(base.body), "x")), "signature")
    v.reject("no signature", good.copy().drop(header), "header")
    for name in ["PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME"]:
        v.reject(f"no {name}", good.copy().drop(name))
        v.reject(f"another {name}", good.copy().set(name, "2026-01-01T00:00:01Z"))
        v.reject(f"{name} twice", good.copy().twice(name))
    v.reject("the signature twice", good.copy().twice(header), "header")
    v.reject("half of the signature", with_signature(based(signature[:128])))
    v.reject("one changed bit", with_signature(based(flipped(signature))), "signature")
    v.reject("zeros", with_signature(based(bytes(256))), "signature")
    v.reject("in hexadecimal", with_signature(signature.hex()))
    v.reject("SHA-1", sign(base, hash=hashes.SHA1()), "signature")
    v.reject("SHA-1, and said so", sign(base, hash=hashes.SHA1()).set("PAYPAL-AUTH-ALGO", "SHA1withRSA"))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    v.reject("PSS", sign(base, pad=pss), "signature")
    v.reject("a certificate of somebody else", good.copy().set("PAYPAL-CERT-URL", "https://paypal.com.evil.example/cert.pem"))
    v.reject("a certificate without TLS", good.copy().set("PAYPAL-CERT-URL", where.replace("https", "http")))
    return v


def sns(provider, version):
    private, certificate = certified("sns.amazonaws.com")
    stranger, _ = certified("sns.amazonaws.com")
    topic = "arn:aws:sns:us-west-2:123456789012:MyTopic"
    v = Vectors(provider, [key(certificate, "x509-pem")], {"topic_arn": topic})
    where = "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"

    def message(**more):
        made = {
            "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": topic, "Subject": "My First Message",
            "Message": "Hello world!\nüber \"all\"", "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": version, "SigningCertURL": where,
            "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe"}
        made.update(more)
        return {name: value for name, value in made.items() if value is not None}

    def canonical(made):
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        if made["Type"] != "Notification":
            names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        return "".join(f"{name}\n{made[name]}\n" for name in names if name in made).encode()

    def sign(made, by=private, algorithm=None, pad=padding.PKCS1v15(), escape=True, **behind):
        algorithm = algorithm or (hashes.SHA1() if made["SignatureVersion"] == "1" else hashes.SHA256())
        made = dict(made, Signature=based(by.sign(canonical(made), pad, algorithm)))
        made.update(behind)
        made = {name: value for name, value in made.items() if value is not None}
        headers = [
            ["Content-Type", "text/plain; charset=UTF-8"], ["x-amz-sns-message-type", made["Type"]], ["x-amz-sns-message-id", made["MessageId"]],
            ["x-amz-sns-topic-arn", made["TopicArn"]]]
        return Request(json_body(made, ensure_ascii=escape), headers)

    good = sign(message())
    id = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
    wanted = event(id, raw="Notification", tenant=topic, stable=True)
    v.accept("a notification", good, [wanted])
    v.accept("a notification without a subject", sign(message(Subject=None)), [wanted])
    v.accept("the same letters, not escaped", sign(message(), escape=False), [wanted])
    confirmation = message(Type="SubscriptionConfirmation", Subject=None, UnsubscribeURL=None, Token="2336412f37", SubscribeURL="https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37")
    v.accept("a subscription to confirm", sign(confirmation))

    changes = {
        "another message": {"Message": "Hello"}, "another id": {"MessageId": "1"}, "another subject": {"Subject": "x"}, "no subject any more": {"Subject": None},
        "another time": {"Timestamp": "2026-01-01T00:00:01.000Z"}, "another type": {"Type": "UnsubscribeConfirmation"}, "no signature": {"Signature": None},
        "an empty signature": {"Signature": ""}, "half of the signature": {"Signature": based(bytes(128))}, "a signature of zeros": {"Signature": based(bytes(256))},
        "a signature in hexadecimal": {"Signature": "00" * 256}, "no version": {"SignatureVersion": None}, "an unknown version": {"SignatureVersion": "3"},
        "called the other version": {"SignatureVersion": "2" if version == "1" else "1"},
        "a certificate from elsewhere": {"SigningCertURL": "https://sns.us-west-2.amazonaws.com.evil.example/cert.pem"},
        "a certificate from another service": {"SigningCertURL": "https://s3.us-west-2.amazonaws.com/cert.pem"},
        "a certificate without TLS": {"SigningCertURL": where.replace("https", "http")},
    }
    for name, change in changes.items():
        v.reject(name, sign(message(), **change))
    v.reject("signed by another", sign(message(), stranger), "signature")
    v.reject("another topic than the configured one", sign(message(TopicArn=topic + "2")))
    v.reject("another hash than the version says", sign(message(), algorithm=hashes.SHA256() if version == "1" else hashes.SHA1()), "signature")
    v.reject("PSS", sign(message(), pad=padding.PSS(padding.MGF1(hashes.SHA256()), 20)), "signature")
    v.reject("no JSON", Request(b"Hello", good.headers))
    v.reject("no body", Request(b"", good.headers))
    if provider != "aws-sns":
        other = "2" if version == "1" else "1"
        v.reject("a good signature of the other version", sign(message(SignatureVersion=other)))
    else:
        v.accept("the other version", sign(message(SignatureVersion="1")), [wanted])
    return v


SCHEMES = [sendgrid, discord, paypal, lambda: sns("aws-sns-v1", "1"), lambda: sns("aws-sns-v2", "2"), lambda: sns("aws-sns", "2")]
