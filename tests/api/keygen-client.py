"""A client of Keygen as its documentation describes it: verify, then decode or decrypt, then judge the times.

https://keygen.sh/docs/api/cryptography/#cryptographic-lic and #cryptographic-mach
Reads {"kind", "file", "publicKey", "secret", "now"} from standard input; prints the document, or the reason of a refusal.
"""

import base64
import datetime
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def read(kind, file, public_key, secret, now):
    label = kind.upper() + " FILE"
    payload = file.strip()
    payload = payload.removeprefix("-----BEGIN " + label + "-----").removesuffix("-----END " + label + "-----")
    certificate = json.loads(base64.b64decode(payload))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    key.verify(base64.b64decode(certificate["sig"]), (kind + "/" + certificate["enc"]).encode())
    if certificate["alg"] == "base64+ed25519":
        plain = base64.b64decode(certificate["enc"])
    elif certificate["alg"] == "aes-256-gcm+ed25519":
        ciphertext, iv, tag = (base64.b64decode(part) for part in certificate["enc"].split("."))
        plain = AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(iv, ciphertext + tag, None)
    else:
        raise ValueError("algorithm is not supported")
    document = json.loads(plain)
    issued, expiry = instant(document["meta"]["issued"]), instant(document["meta"]["expiry"])
    if issued - now > datetime.timedelta(minutes=5):
        raise ValueError("system clock is out of sync")
    if now > expiry:
        raise ValueError("file is expired")
    return document


asked = json.load(sys.stdin)
try:
    print(json.dumps({"document": read(asked["kind"], asked["file"], asked["publicKey"], asked["secret"], instant(asked["now"]))}))
except InvalidSignature:
    print(json.dumps({"reason": "file is not genuine"}))
except InvalidTag:
    print(json.dumps({"reason": "secret is wrong"}))
except ValueError as error:
    print(json.dumps({"reason": str(error)}))
