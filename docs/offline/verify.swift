// Checks a Latchkey license file without a connection. Swift 5.7 or newer: CryptoKit on Apple's systems, the package
// swift-crypto elsewhere.
//
//   swiftc -parse-as-library verify.swift -o verify
//   ./verify license.lic --product lumen --fingerprint "$DEVICE" --public-key BASE64 [--license-key KEY]
//
// Copy `verifyFile` into your app. Ship the public keys with the app: a key that comes with the file proves nothing.
import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#else
  import Crypto
#endif

enum Refused: String, Error {
  case malformed
  case badSignature = "bad-signature"  // altered, or not signed by any of your keys
  case wrongKeyOrDevice = "wrong-key-or-device"  // encrypted for another license key or another device
  case wrongDevice = "wrong-device"
  case wrongProduct = "wrong-product"
  case clockRolledBack = "clock-rolled-back"  // the file is from the future, or the clock went back
  case fileExpired = "file-expired"  // connect once to get a new file
  case licenseExpired = "license-expired"
}

struct Check {
  /// From the admin area, base64; the active one and those that are verify-only.
  var publicKeys: [String] = []
  var product = ""
  var fingerprint = ""
  /// Only encrypted files need it.
  var licenseKey = ""
  var now = Date()
  /// The latest time your app has ever seen; keep it where a user does not look, and raise it at every start.
  var lastSeen: Date?
}

private let tolerance: TimeInterval = 5 * 60

/// The license in the file, once everything about it is proven.
func verifyFile(_ text: String, _ check: Check) throws -> [String: Any] {
  let (kind, body) = try readCertificate(text)
  let payload = try parse(decode(body))
  guard let enc = payload["enc"] as? String, let sig = payload["sig"] as? String,
    let alg = payload["alg"] as? String,
    // Nothing else is ever accepted: which algorithms count is the app's decision, not the file's.
    alg == "base64+ed25519" || alg == "aes-256-gcm+ed25519"
  else { throw Refused.malformed }
  // The signature comes first: nothing below looks at bytes that nobody vouches for.
  let signature = try decode(sig)
  let signed = Data("\(kind)/\(enc)".utf8)
  guard check.publicKeys.contains(where: { isSigned($0, signed, signature) }) else {
    throw Refused.badSignature
  }
  let secret = check.licenseKey + (kind == "machine" ? check.fingerprint : "")
  let plain = alg == "base64+ed25519" ? try decode(enc) : try decrypt(enc, secret)
  return try judge(parse(plain), check)
}

private func readCertificate(_ text: String) throws -> (kind: String, body: String) {
  let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
  for kind in ["license", "machine"] {
    let head = "-----BEGIN \(kind.uppercased()) FILE-----"
    let foot = "-----END \(kind.uppercased()) FILE-----"
    guard trimmed.hasPrefix(head), trimmed.hasSuffix(foot), trimmed.count > head.count + foot.count else {
      continue
    }
    let body = trimmed.dropFirst(head.count).dropLast(foot.count)
    // By scalars: Swift takes a Windows line end for one character of its own.
    let kept = body.unicodeScalars.filter { $0 != "\r" && $0 != "\n" }
    return (kind, String(String.UnicodeScalarView(kept)))
  }
  throw Refused.malformed
}

/// Strict, so that a file with as much as one odd character is refused.
private func decode(_ text: String) throws -> Data {
  guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else {
    throw Refused.malformed
  }
  return data
}

private func parse(_ json: Data) throws -> [String: Any] {
  guard let object = (try? JSONSerialization.jsonObject(with: json)) as? [String: Any] else {
    throw Refused.malformed
  }
  return object
}

private func isSigned(_ publicKey: String, _ message: Data, _ signature: Data) -> Bool {
  guard let raw = Data(base64Encoded: publicKey),
    let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
  else { return false }
  return key.isValidSignature(signature, for: message)
}

private func decrypt(_ enc: String, _ secret: String) throws -> Data {
  let parts = try enc.split(separator: ".", omittingEmptySubsequences: false).map { try decode(String($0)) }
  guard parts.count == 3, parts[1].count == 12, parts[2].count == 16 else { throw Refused.malformed }
  let key = SymmetricKey(data: SHA256.hash(data: Data(secret.utf8)))
  do {
    let box = try AES.GCM.SealedBox(
      nonce: AES.GCM.Nonce(data: parts[1]), ciphertext: parts[0], tag: parts[2])
    return try AES.GCM.open(box, using: key)
  } catch {
    throw Refused.wrongKeyOrDevice
  }
}

private func judge(_ document: [String: Any], _ check: Check) throws -> [String: Any] {
  guard let meta = document["meta"] as? [String: Any], let data = document["data"] as? [String: Any] else {
    throw Refused.malformed
  }
  let resources = [data] + (document["included"] as? [[String: Any]] ?? [])
  func attributes(_ type: String) -> [String: Any]? {
    resources.first { $0["type"] as? String == type }?["attributes"] as? [String: Any]
  }
  guard let license = attributes("licenses") else { throw Refused.malformed }
  if let device = attributes("machines"), device["fingerprint"] as? String != check.fingerprint {
    throw Refused.wrongDevice
  }
  guard license["product"] as? String == check.product else { throw Refused.wrongProduct }
  let issued = try instant(meta["issued"])
  let latest = max(issued, check.lastSeen ?? issued)
  guard latest <= check.now.addingTimeInterval(tolerance) else { throw Refused.clockRolledBack }
  guard try instant(meta["expiry"]) > check.now else { throw Refused.fileExpired }
  if let worksUntil = license["worksUntil"], !(worksUntil is NSNull) {
    guard try instant(worksUntil) > check.now else { throw Refused.licenseExpired }
  }
  return license
}

private func instant(_ value: Any?) throws -> Date {
  let format = ISO8601DateFormatter()
  format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
  guard let text = value as? String, let date = format.date(from: text) else { throw Refused.malformed }
  return date
}

@main
struct Program {
  static func main() throws {
    var check = Check()
    var file = "license.lic"
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--product": check.product = arguments.popFirst() ?? ""
      case "--fingerprint": check.fingerprint = arguments.popFirst() ?? ""
      case "--license-key": check.licenseKey = arguments.popFirst() ?? ""
      case "--public-key": check.publicKeys.append(arguments.popFirst() ?? "")
      default: file = argument
      }
    }
    do {
      let license = try verifyFile(String(contentsOfFile: file, encoding: .utf8), check)
      let json = try JSONSerialization.data(withJSONObject: license, options: [.prettyPrinted, .sortedKeys])
      print(String(decoding: json, as: UTF8.self))
    } catch let refused as Refused {
      FileHandle.standardError.write(Data("Refused: \(refused.rawValue)\n".utf8))
      exit(1)
    }
  }
}
