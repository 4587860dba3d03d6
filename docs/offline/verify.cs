// Checks a Latchkey license file without a connection. .NET 8 or newer and the package BouncyCastle.Cryptography
// (.NET itself has no Ed25519 yet).
//
//   dotnet run -- license.lic --product lumen --fingerprint "$DEVICE" --public-key BASE64 [--license-key KEY]
//
// Copy LicenseFile into your app. Ship the public keys with the app: a key that comes with the file proves nothing.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

/// <summary>malformed, bad-signature, wrong-key-or-device, wrong-device, wrong-product, clock-rolled-back, file-expired
/// or license-expired.</summary>
public sealed class RefusedException : Exception
{
    public RefusedException(string reason) : base(reason) { }
}

public sealed class Check
{
    /// <summary>From the admin area, base64; the active one and those that are verify-only.</summary>
    public List<string> PublicKeys { get; } = new List<string>();
    public string Product { get; set; } = "";
    public string Fingerprint { get; set; } = "";
    /// <summary>Only encrypted files need it.</summary>
    public string LicenseKey { get; set; } = "";
    public DateTimeOffset Now { get; set; }
    /// <summary>The latest time your app has ever seen; keep it where a user does not look.</summary>
    public DateTimeOffset LastSeen { get; set; } = DateTimeOffset.MinValue;
}

public static class LicenseFile
{
    static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>The license in the file, once everything about it is proven.</summary>
    /// <exception cref="RefusedException">Its message is the reason.</exception>
    public static JsonElement Verify(string text, Check check)
    {
        var found = Regex.Match(
            text.Trim(),
            @"^-----BEGIN (LICENSE|MACHINE) FILE-----([A-Za-z0-9+/=\r\n]+)-----END \1 FILE-----\z");
        if (!found.Success) throw new RefusedException("malformed");
        var kind = found.Groups[1].Value.ToLowerInvariant();
        var payload = Parse(Decode(Regex.Replace(found.Groups[2].Value, @"[\r\n]", "")));
        var enc = TextOf(payload, "enc");
        var sig = Decode(TextOf(payload, "sig"));
        var alg = TextOf(payload, "alg");
        // Nothing else is ever accepted: which algorithms count is the app's decision, not the file's.
        if (alg != "base64+ed25519" && alg != "aes-256-gcm+ed25519") throw new RefusedException("malformed");
        // The signature comes first: nothing below looks at bytes that nobody vouches for.
        var signed = Encoding.UTF8.GetBytes(kind + "/" + enc);
        if (!check.PublicKeys.Any(key => IsSigned(key, signed, sig))) throw new RefusedException("bad-signature");
        var secret = check.LicenseKey + (kind == "machine" ? check.Fingerprint : "");
        var plain = alg == "base64+ed25519" ? Decode(enc) : Decrypt(enc, secret);
        return Judge(Parse(plain), check);
    }

    /// <summary>Strict, so that a file with as much as one odd character is refused.</summary>
    static byte[] Decode(string text)
    {
        try
        {
            var bytes = Convert.FromBase64String(text);
            if (Convert.ToBase64String(bytes) == text) return bytes;
        }
        catch (FormatException) { }
        throw new RefusedException("malformed");
    }

    static JsonElement Parse(byte[] json)
    {
        try
        {
            return JsonDocument.Parse(Encoding.UTF8.GetString(json)).RootElement;
        }
        catch (JsonException)
        {
            throw new RefusedException("malformed");
        }
    }

    static JsonElement Member(JsonElement holder, string name)
    {
        JsonElement value;
        if (holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out value)) return value;
        throw new RefusedException("malformed");
    }

    static string TextOf(JsonElement holder, string name)
    {
        var value = Member(holder, name);
        if (value.ValueKind != JsonValueKind.String) throw new RefusedException("malformed");
        return value.GetString() ?? "";
    }

    static bool IsSigned(string publicKey, byte[] message, byte[] signature)
    {
        if (signature.Length != 64) return false;
        var verifier = new Ed25519Signer();
        verifier.Init(false, new Ed25519PublicKeyParameters(Convert.FromBase64String(publicKey), 0));
        verifier.BlockUpdate(message, 0, message.Length);
        return verifier.VerifySignature(signature);
    }

    static byte[] Decrypt(string enc, string secret)
    {
        var parts = enc.Split('.').Select(Decode).ToArray();
        if (parts.Length != 3 || parts[1].Length != 12 || parts[2].Length != 16)
            throw new RefusedException("malformed");
        var plain = new byte[parts[0].Length];
        using (var sha256 = SHA256.Create())
        using (var aes = new AesGcm(sha256.ComputeHash(Encoding.UTF8.GetBytes(secret)), 16))
        {
            try
            {
                aes.Decrypt(parts[1], parts[0], parts[2], plain);
            }
            catch (CryptographicException)
            {
                throw new RefusedException("wrong-key-or-device");
            }
        }
        return plain;
    }

    static JsonElement Judge(JsonElement document, Check check)
    {
        var resources = new List<JsonElement> { Member(document, "data") };
        JsonElement included;
        if (document.TryGetProperty("included", out included)) resources.AddRange(included.EnumerateArray());
        foreach (var device in resources.Where(each => TextOf(each, "type") == "machines"))
            if (TextOf(Member(device, "attributes"), "fingerprint") != check.Fingerprint)
                throw new RefusedException("wrong-device");
        var licenses = resources.Where(each => TextOf(each, "type") == "licenses").ToList();
        if (licenses.Count != 1) throw new RefusedException("malformed");
        var license = Member(licenses[0], "attributes");
        if (TextOf(license, "product") != check.Product) throw new RefusedException("wrong-product");
        var meta = Member(document, "meta");
        var issued = Member(meta, "issued").GetDateTimeOffset();
        var latest = check.LastSeen > issued ? check.LastSeen : issued;
        if (latest > check.Now + Tolerance) throw new RefusedException("clock-rolled-back");
        if (Member(meta, "expiry").GetDateTimeOffset() <= check.Now) throw new RefusedException("file-expired");
        var worksUntil = Member(license, "worksUntil");
        if (worksUntil.ValueKind != JsonValueKind.Null && worksUntil.GetDateTimeOffset() <= check.Now)
            throw new RefusedException("license-expired");
        return license;
    }
}

public static class Program
{
    public static int Main(string[] arguments)
    {
        var check = new Check { Now = DateTimeOffset.UtcNow };
        var file = "license.lic";
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--product": check.Product = arguments[++i]; break;
                case "--fingerprint": check.Fingerprint = arguments[++i]; break;
                case "--license-key": check.LicenseKey = arguments[++i]; break;
                case "--public-key": check.PublicKeys.Add(arguments[++i]); break;
                default: file = arguments[i]; break;
            }
        }
        try
        {
            Console.WriteLine(LicenseFile.Verify(File.ReadAllText(file), check).ToString());
            return 0;
        }
        catch (RefusedException refused)
        {
            Console.Error.WriteLine("Refused: " + refused.Message);
            return 1;
        }
    }
}
