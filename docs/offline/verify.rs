//! Checks a Latchkey license file without a connection. Cargo.toml:
//!
//!     [dependencies]
//!     base64 = "0.22"
//!     chrono = "0.4"
//!     ring = "0.17"
//!     serde_json = "1"
//!
//!     cargo run -- license.lic --product lumen --fingerprint "$DEVICE" --public-key BASE64 [--license-key KEY]
//!
//! Copy `verify_file` into your app. Ship the public keys with the app: a key that comes with the file proves nothing.

use base64::{engine::general_purpose::STANDARD, Engine};
use chrono::{DateTime, Duration, Utc};
use ring::{aead, digest, signature};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Not a license file at all.
    Malformed,
    /// Altered, or not signed by any of your keys.
    BadSignature,
    /// Encrypted for another license key or another device.
    WrongKeyOrDevice,
    WrongDevice,
    WrongProduct,
    /// The file is from the future, or the clock went back since the last start.
    ClockRolledBack,
    /// Connect once to get a new file.
    FileExpired,
    LicenseExpired,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Reason::Malformed => "malformed",
            Reason::BadSignature => "bad-signature",
            Reason::WrongKeyOrDevice => "wrong-key-or-device",
            Reason::WrongDevice => "wrong-device",
            Reason::WrongProduct => "wrong-product",
            Reason::ClockRolledBack => "clock-rolled-back",
            Reason::FileExpired => "file-expired",
            Reason::LicenseExpired => "license-expired",
        }
    }
}

pub struct Check<'a> {
    /// From the admin area, base64; the active one and those that are verify-only.
    pub public_keys: &'a [String],
    pub product: &'a str,
    pub fingerprint: &'a str,
    /// Only encrypted files need it.
    pub license_key: &'a str,
    pub now: DateTime<Utc>,
    /// The latest time your app has ever seen; keep it where a user does not look, and raise it at every start.
    pub last_seen: Option<DateTime<Utc>>,
}

/// The license in the file, once everything about it is proven.
pub fn verify_file(text: &str, check: &Check) -> Result<Value, Reason> {
    let (kind, body) = read_certificate(text)?;
    let payload: Value = parse(&decode(&body)?)?;
    let enc = text_of(&payload["enc"])?;
    let sig = decode(text_of(&payload["sig"])?)?;
    // Nothing else is ever accepted: which algorithms count is the app's decision, not the file's.
    let encrypted = match text_of(&payload["alg"])? {
        "base64+ed25519" => false,
        "aes-256-gcm+ed25519" => true,
        _ => return Err(Reason::Malformed),
    };
    // The signature comes first: nothing below looks at bytes that nobody vouches for.
    let signed = format!("{kind}/{enc}");
    if !check.public_keys.iter().any(|key| is_signed(key, signed.as_bytes(), &sig)) {
        return Err(Reason::BadSignature);
    }
    let plain = if encrypted {
        let device = if kind == "machine" { check.fingerprint } else { "" };
        decrypt(enc, &format!("{}{device}", check.license_key))?
    } else {
        decode(enc)?
    };
    judge(parse(&plain)?, check)
}

fn read_certificate(text: &str) -> Result<(&'static str, String), Reason> {
    for (kind, label) in [("license", "LICENSE FILE"), ("machine", "MACHINE FILE")] {
        let body = text
            .trim()
            .strip_prefix(&format!("-----BEGIN {label}-----"))
            .and_then(|rest| rest.strip_suffix(&format!("-----END {label}-----")));
        if let Some(body) = body {
            return Ok((kind, body.replace(['\r', '\n'], "")));
        }
    }
    Err(Reason::Malformed)
}

/// This engine is strict: a file with as much as one odd character is refused.
fn decode(text: &str) -> Result<Vec<u8>, Reason> {
    STANDARD.decode(text).map_err(|_| Reason::Malformed)
}

fn parse(json: &[u8]) -> Result<Value, Reason> {
    serde_json::from_slice(json).map_err(|_| Reason::Malformed)
}

fn text_of(value: &Value) -> Result<&str, Reason> {
    value.as_str().ok_or(Reason::Malformed)
}

fn is_signed(public_key: &str, message: &[u8], sig: &[u8]) -> bool {
    let Ok(key) = decode(public_key) else { return false };
    signature::UnparsedPublicKey::new(&signature::ED25519, key).verify(message, sig).is_ok()
}

fn decrypt(enc: &str, secret: &str) -> Result<Vec<u8>, Reason> {
    let parts = enc.split('.').map(decode).collect::<Result<Vec<_>, _>>()?;
    let [ciphertext, iv, tag] = parts.as_slice() else { return Err(Reason::Malformed) };
    let nonce = aead::Nonce::try_assume_unique_for_key(iv).map_err(|_| Reason::Malformed)?;
    let hash = digest::digest(&digest::SHA256, secret.as_bytes());
    let key = aead::UnboundKey::new(&aead::AES_256_GCM, hash.as_ref()).map_err(|_| Reason::Malformed)?;
    let mut sealed = [ciphertext.as_slice(), tag.as_slice()].concat();
    let plain = aead::LessSafeKey::new(key)
        .open_in_place(nonce, aead::Aad::empty(), &mut sealed)
        .map_err(|_| Reason::WrongKeyOrDevice)?;
    Ok(plain.to_vec())
}

fn judge(document: Value, check: &Check) -> Result<Value, Reason> {
    let included = document["included"].as_array().cloned().unwrap_or_default();
    let resources: Vec<&Value> = std::iter::once(&document["data"]).chain(&included).collect();
    let of_type = |wanted: &str| resources.iter().find(|each| each["type"] == wanted);
    let license = of_type("licenses").ok_or(Reason::Malformed)?["attributes"].clone();
    if of_type("machines").is_some_and(|device| device["attributes"]["fingerprint"] != check.fingerprint) {
        return Err(Reason::WrongDevice);
    }
    if license["product"] != check.product {
        return Err(Reason::WrongProduct);
    }
    let issued = instant(&document["meta"]["issued"])?;
    let latest = check.last_seen.map_or(issued, |seen| seen.max(issued));
    if latest > check.now + Duration::minutes(5) {
        return Err(Reason::ClockRolledBack);
    }
    if instant(&document["meta"]["expiry"])? <= check.now {
        return Err(Reason::FileExpired);
    }
    if !license["worksUntil"].is_null() && instant(&license["worksUntil"])? <= check.now {
        return Err(Reason::LicenseExpired);
    }
    Ok(license)
}

fn instant(value: &Value) -> Result<DateTime<Utc>, Reason> {
    let parsed = DateTime::parse_from_rfc3339(text_of(value)?).map_err(|_| Reason::Malformed)?;
    Ok(parsed.with_timezone(&Utc))
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut file, mut product, mut fingerprint, mut license_key) = Default::default();
    let mut public_keys = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--product" => product = arguments.next().unwrap_or_default(),
            "--fingerprint" => fingerprint = arguments.next().unwrap_or_default(),
            "--license-key" => license_key = arguments.next().unwrap_or_default(),
            "--public-key" => public_keys.extend(arguments.next()),
            _ => file = argument,
        }
    }
    let text = std::fs::read_to_string(&file).expect("the license file can be read");
    let check = Check {
        public_keys: &public_keys,
        product: &product,
        fingerprint: &fingerprint,
        license_key: &license_key,
        now: Utc::now(),
        last_seen: None,
    };
    match verify_file(&text, &check) {
        Ok(license) => println!("{license:#}"),
        Err(reason) => {
            eprintln!("Refused: {}", reason.word());
            std::process::exit(1);
        }
    }
}
