# SPDX-License-Identifier: Apache-2.0
"""Schemes that carry a signature in a header, and everything that somebody may try with it."""
import base64
import hashlib
import hmac

from model import NOW, Vectors, key


def hexed(code):
    return code.hex()


def based(code):
    return base64.b64encode(code).decode()


class Signed:
    """One scheme: `message(request, time)` is what is signed, `wrap(text, time)` the header around the encoded signature."""

    def __init__(
        self, provider, header, secret, message, *, encode=hexed, wrap=lambda text, time: text, algorithm="sha256", kind="utf8",
        key_bytes=None, time_header=None, time_text=str, tolerance=None, prepare=None, config=None, body_signed=True, plain=False,
        separator=None, other_secret=None, time_in_signature=False,
    ):
        self.provider, self.header, self.secret, self.message = provider, header, secret, message
        self.encode, self.wrap, self.algorithm, self.kind = encode, wrap, algorithm, kind
        self.key_bytes = key_bytes or (lambda text: text.encode())
        self.time_header, self.time_text, self.tolerance, self.prepare = time_header, time_text, tolerance, prepare
        self.body_signed, self.plain, self.separator = body_signed, plain, separator
        self.time_in_signature = time_in_signature
        self.other_secret = other_secret or secret[:-4] + "Zz09"
        self.vectors = Vectors(provider, [key(secret, kind)], config)

    def code(self, request, secret=None, algorithm=None):
        message = self.message(request, self.time_text(request.time))
        secret = self.secret if secret is None else secret
        if self.plain:
            return hashlib.new(algorithm or self.algorithm, secret.encode() + message).digest()
        return hmac.new(self.key_bytes(secret), message, algorithm or self.algorithm).digest()

    def sign(self, request, **how):
        request = request.copy()
        if self.prepare:
            self.prepare(request)
        if self.time_header:
            request.set(self.time_header, self.time_text(request.time))
        return request.set(self.header, self.wrap(self.encode(self.code(request, **how)), self.time_text(request.time)))

    def with_signature(self, request, text):
        return self.sign(request).set(self.header, self.wrap(text, self.time_text(request.time)))

    def hostile(self, base):
        """Adds what must be refused, whatever the provider."""
        v, code, other = self.vectors, self.code(self.prepared(base)), based if self.encode is hexed else hexed
        good = self.sign(base)
        text = self.encode(code)
        v.reject("no signature", good.copy().drop(self.header), "header")
        v.reject("an empty signature header", good.copy().set(self.header, ""), "header")
        v.reject("the signature header twice", good.copy().twice(self.header), "header")
        v.reject("the secret of another", self.sign(base, secret=self.other_secret), "signature")
        v.reject("signed with another hash", self.sign(base, algorithm="sha512" if self.algorithm != "sha512" else "sha256"))
        v.reject("signed with md5", self.sign(base, algorithm="md5"))
        v.reject("the signature without its last character", self.with_signature(base, text[:-1]))
        v.reject("half of the signature", self.with_signature(base, text[: len(text) // 2]))
        v.reject("the signature with something behind it", self.with_signature(base, text + "0"))
        v.reject("the signature in another encoding", self.with_signature(base, other(code)))
        v.reject("a signature of zeros", self.with_signature(base, self.encode(bytes(len(code)))), "signature")
        v.reject("one changed bit of the signature", self.with_signature(base, self.encode(bytes([code[0] ^ 1]) + code[1:])), "signature")
        v.reject("a signature that is not written in its letters", self.with_signature(base, "ü" + text[1:]))
        v.reject("nothing where the signature should be", self.with_signature(base, ""))
        if self.body_signed:
            self.bodies(good)
        if self.time_header or self.time_in_signature:
            self.times(base)

    def prepared(self, base):
        request = base.copy()
        if self.prepare:
            self.prepare(request)
        return request

    def bodies(self, good):
        def changed(body):
            request = good.copy()
            request.body = body
            return request

        v, body = self.vectors, good.body
        v.reject("one changed byte of the body", changed(bytes([body[0] ^ 1]) + body[1:]), "signature")
        v.reject("a newline behind the body", changed(body + b"\n"), "signature")
        v.reject("a byte order mark before the body", changed(b"\xef\xbb\xbf" + body), "signature")
        v.reject("half of the body", changed(body[: len(body) // 2]), "signature")
        v.reject("no body", changed(b""), "signature")
        v.reject("a body that is no UTF-8", changed(b"\xff\xfe" + body), "signature")

    def times(self, base):
        def at(time):
            request = base.copy()
            request.time = time
            return request

        v = self.vectors
        if self.tolerance:
            v.reject("signed too long ago", self.sign(at(NOW - self.tolerance - 100)), "timestamp")
            v.reject("signed yesterday", self.sign(at(NOW - 86_400)), "timestamp")
            v.reject("signed in the future", self.sign(at(NOW + self.tolerance + 100)), "timestamp")
        if self.time_header:
            v.reject("another time than the signed one", self.sign(base).set(self.time_header, self.time_text(NOW - 1)), "signature")
            v.reject("no time", self.sign(base).drop(self.time_header))
            v.reject("an empty time", self.sign(base).set(self.time_header, ""))
            v.reject("the time twice", self.sign(base).twice(self.time_header))
            v.reject("a time in words", self.sign(base).set(self.time_header, "now"))
