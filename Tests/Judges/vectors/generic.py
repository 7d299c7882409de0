# SPDX-License-Identifier: Apache-2.0
"""generic-hmac: whatever its configuration says."""
from model import NOW, Vectors, key
from plain_schemes import request, thing_at
from signed import Signed, based, hexed


def timed():
    config = {
        "algorithm": "sha512", "encoding": "base64", "signature_header": "X-Sign", "prefix": "v1=", "signed": "{id}.{timestamp}.{body}",
        "timestamp_header": "X-Time", "id_header": "X-Id", "tolerance_s": 120}
    s = Signed(
        "generic-hmac-timed", "X-Sign", "generic secret", lambda r, time: f"{r.get('X-Id')}.{time}.".encode() + r.body, encode=based,
        wrap=lambda text, _: "v1=" + text, algorithm="sha512", time_header="X-Time", tolerance=120, config=config)
    v = s.vectors
    base = request({"id": "1", "type": "thing.made"}, ["X-Id", "id-1"])
    v.accept("something", s.sign(base), [{"id": "id-1"}])
    v.accept("a minute old", s.sign(thing_at(base, NOW - 60)), [{"id": "id-1"}])
    v.accept("one of two secrets", s.sign(base), keys=[key("newer"), v.keys[0]])
    s.hostile(base)
    v.reject("another id", s.sign(base).set("X-Id", "id-2"), "signature")
    v.reject("no id", s.sign(base).drop("X-Id"), "header")
    v.reject("no prefix", s.sign(base).set("X-Sign", based(s.code(base))))
    v.reject("three minutes old", s.sign(thing_at(base, NOW - 180)), "timestamp")
    return v


def plain(name, algorithm, encoding, prefix):
    config = {"algorithm": algorithm, "encoding": encoding, "signature_header": "X-Signature", "signed": "{body}"}
    if prefix:
        config["prefix"] = prefix
    s = Signed(
        name, "X-Signature", "generic secret", lambda r, _: r.body, encode=hexed if encoding == "hex" else based, algorithm=algorithm,
        wrap=lambda text, _: prefix + text, config=config)
    v = s.vectors
    base = request({"id": "1", "type": "thing.made"})
    v.accept("something", s.sign(base))
    v.accept("no JSON", s.sign(request(None, raw=b"\xff\xfe\x00")))
    v.accept("one of two secrets", s.sign(base), keys=[key("newer"), v.keys[0]])
    s.hostile(base)
    return v


SCHEMES = [
    timed, lambda: plain("generic-hmac", "sha256", "hex", ""), lambda: plain("generic-hmac-sha1", "sha1", "hex", "sha1="),
    lambda: plain("generic-hmac-base64", "sha256", "base64", "")]
