"""The server's side of PLAIN, LOGIN and SCRAM (RFC 4616, 5802, 7677), for servers in tests.

    user = login("SCRAM-SHA-256", initial, challenge, {"relay": "secret"})

`initial` is the initial response, decoded, or None; challenge(text) sends one and gives the answer. The name of
the user comes back, or None for who could not prove to be one; what cannot be read raises ValueError.
"""

import base64
import hashlib
import hmac
import os
import re

ITERATIONS = 4096  # the least that RFC 7677 4 allows


def login(mechanism, initial, challenge, users):
    if mechanism == "LOGIN":
        user = initial or challenge("Username:")
        return user if challenge("Password:") == users.get(user) else None
    first = challenge("") if initial is None else initial
    if mechanism == "PLAIN":
        if first.count("\0") != 2:
            raise ValueError("PLAIN has three parts")
        _, user, secret = first.split("\0")
        return user if secret == users.get(user) else None
    return _scram(first, challenge, users, mechanism[len("SCRAM-"):].replace("-", "").lower())


def _fields(text):
    """The attributes of a SCRAM message; ValueError where one has no value."""
    return dict(field.split("=", 1) for field in text.split(","))


def _scram(first, challenge, users, algorithm):
    parts = re.fullmatch(r"([ny],[^,]*,)(n=[^,]*,r=.+)", first)
    if not parts:
        raise ValueError("no first message of SCRAM without channel binding")
    header, bare = parts.groups()
    user = _fields(bare)["n"].replace("=2C", ",").replace("=3D", "=")
    nonce, salt = _fields(bare)["r"] + base64.b64encode(os.urandom(12)).decode(), os.urandom(16)
    server_first = f"r={nonce},s={base64.b64encode(salt).decode()},i={ITERATIONS}"
    without_proof, _, proof = challenge(server_first).rpartition(",p=")
    fields = _fields(without_proof)
    if fields.get("r") != nonce or base64.b64decode(fields.get("c", "")).decode() != header:
        return None
    salted = hashlib.pbkdf2_hmac(algorithm, users.get(user, "\0").encode(), salt, ITERATIONS)
    key = hmac.digest(salted, b"Client Key", algorithm)
    auth = ",".join((bare, server_first, without_proof)).encode()
    signature = hmac.digest(hashlib.new(algorithm, key).digest(), auth, algorithm)
    if bytes(a ^ b for a, b in zip(key, signature)) != base64.b64decode(proof):
        return None
    verifier = hmac.digest(hmac.digest(salted, b"Server Key", algorithm), auth, algorithm)
    challenge("v=" + base64.b64encode(verifier).decode())
    return user
