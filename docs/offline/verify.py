"""Checks a Latchkey license file without a connection. Python 3.9 or newer and the package `cryptography`.

    python3 verify.py license.lic --product lumen --fingerprint "$DEVICE" --public-key BASE64 [--license-key KEY]

Copy `verify_file` into your app. Ship the public keys with the app: a key that comes with the file proves nothing.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOLERANCE = timedelta(minutes=5)


class Refused(Exception):
    """`reason`: malformed, bad-signature, wrong-key-or-device, wrong-device, wrong-product, clock-rolled-back,
    file-expired or license-expired."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def verify_file(text, *, public_keys, product, fingerprint, now, license_key="", last_seen=None):
    """The license in the file, once everything about it is proven. Raises Refused with the reason otherwise.

    public_keys: from the admin area, base64; the active one and those that are verify-only.
    last_seen: the latest time your app has ever seen; keep it where a user does not look, raise it at every start.
    """
    kind, enc, sig, encrypted = read_certificate(text)
    # The signature comes first: nothing below looks at bytes that nobody vouches for.
    if not any(is_signed(key, strict_base64(sig), f"{kind}/{enc}") for key in public_keys):
        raise Refused("bad-signature")
    if encrypted:
        secret = license_key + (fingerprint if kind == "machine" else "")
        document = json.loads(decrypt(enc, secret))
    else:
        document = json.loads(strict_base64(enc))
    return judge(document, product, fingerprint, now, last_seen)


def read_certificate(text):
    found = re.fullmatch(
        r"-----BEGIN (LICENSE|MACHINE) FILE-----([A-Za-z0-9+/=\r\n]+)-----END \1 FILE-----", text.strip()
    )
    if not found:
        raise Refused("malformed")
    try:
        payload = json.loads(strict_base64(re.sub(r"[\r\n]", "", found[2])))
        enc, sig, alg = payload["enc"], payload["sig"], payload["alg"]
    except (ValueError, KeyError, TypeError):
        raise Refused("malformed") from None
    # Nothing else is ever accepted: which algorithms count is the app's decision, not the file's.
    if alg not in ("base64+ed25519", "aes-256-gcm+ed25519") or not isinstance(enc, str):
        raise Refused("malformed")
    return found[1].lower(), enc, sig, alg == "aes-256-gcm+ed25519"


def strict_base64(text):
    """Python reads past characters that are not base64; a file with such characters is not one we made."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Refused("malformed") from None
    if base64.b64encode(data).decode() != text:
        raise Refused("malformed")
    return data


def is_signed(public_key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(signature, message.encode())
        return True
    except InvalidSignature:
        return False


def decrypt(enc, secret):
    parts = [strict_base64(part) for part in enc.split(".")]
    if len(parts) != 3 or len(parts[1]) != 12 or len(parts[2]) != 16:
        raise Refused("malformed")
    ciphertext, iv, tag = parts
    try:
        return AESGCM(hashlib.sha256(secret.encode()).digest()).decrypt(iv, ciphertext + tag, None)
    except InvalidTag:
        raise Refused("wrong-key-or-device") from None


def judge(document, product, fingerprint, now, last_seen):
    resources = [document["data"], *document.get("included", [])]
    device = next((each for each in resources if each["type"] == "machines"), None)
    license = next((each for each in resources if each["type"] == "licenses"), None)
    if license is None:
        raise Refused("malformed")
    facts = license["attributes"]
    if device is not None and device["attributes"]["fingerprint"] != fingerprint:
        raise Refused("wrong-device")
    if facts.get("product") != product:
        raise Refused("wrong-product")
    issued = instant(document["meta"]["issued"])
    if max(issued, last_seen or issued) > now + TOLERANCE:
        raise Refused("clock-rolled-back")
    if instant(document["meta"]["expiry"]) <= now:
        raise Refused("file-expired")
    if facts["worksUntil"] is not None and instant(facts["worksUntil"]) <= now:
        raise Refused("license-expired")
    return facts


def instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--public-key", action="append", required=True)
    parser.add_argument("--product", required=True)
    parser.add_argument("--fingerprint", required=True)
    parser.add_argument("--license-key", default="")
    options = parser.parse_args()
    try:
        with open(options.file, encoding="utf-8") as file:
            license = verify_file(
                file.read(),
                public_keys=options.public_key,
                product=options.product,
                fingerprint=options.fingerprint,
                license_key=options.license_key,
                now=datetime.now(timezone.utc),
            )
    except Refused as refused:
        sys.exit(f"Refused: {refused.reason}")
    print(json.dumps(license, indent=2))


if __name__ == "__main__":
    main()
