// Checks a Latchkey license file without a connection. Go 1.19 or newer, no dependencies.
//
//	go run verify.go -product lumen -fingerprint "$DEVICE" -public-key BASE64 [-license-key KEY] license.lic
//
// Copy VerifyFile into your app. Ship the public keys with the app: a key that comes with the file proves nothing.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// The reasons to refuse a file.
var (
	ErrMalformed        = errors.New("malformed")           // not a license file at all
	ErrBadSignature     = errors.New("bad-signature")       // altered, or not signed by any of your keys
	ErrWrongKeyOrDevice = errors.New("wrong-key-or-device") // encrypted for another license key or another device
	ErrWrongDevice      = errors.New("wrong-device")
	ErrWrongProduct     = errors.New("wrong-product")
	ErrClockRolledBack  = errors.New("clock-rolled-back") // the file is from the future, or the clock went back
	ErrFileExpired      = errors.New("file-expired")      // connect once to get a new file
	ErrLicenseExpired   = errors.New("license-expired")
)

const tolerance = 5 * time.Minute

// Check is what the app knows by itself.
type Check struct {
	PublicKeys  []string // from the admin area, base64; the active one and those that are verify-only
	Product     string
	Fingerprint string
	LicenseKey  string // only encrypted files need it
	Now         time.Time
	LastSeen    time.Time // the latest time the app has ever seen; keep it where a user does not look
}

// License is what the file says.
type License struct {
	Product      string                     `json:"product"`
	Policy       string                     `json:"policy"`
	Code         string                     `json:"code"`
	Status       string                     `json:"status"`
	ValidUntil   *time.Time                 `json:"validUntil"`
	WorksUntil   *time.Time                 `json:"worksUntil"`
	UpdatesUntil *time.Time                 `json:"updatesUntil"`
	Entitlements map[string]json.RawMessage `json:"entitlements"`
	DeviceLimit  *int                       `json:"deviceLimit"`
}

type resource struct {
	Type       string          `json:"type"`
	Attributes json.RawMessage `json:"attributes"`
}

type document struct {
	Meta struct {
		Issued time.Time `json:"issued"`
		Expiry time.Time `json:"expiry"`
	} `json:"meta"`
	Data     resource   `json:"data"`
	Included []resource `json:"included"`
}

var certificate = regexp.MustCompile(
	`^-----BEGIN (LICENSE|MACHINE) FILE-----([A-Za-z0-9+/=\r\n]+)-----END (LICENSE|MACHINE) FILE-----$`)

// VerifyFile returns the license in the file once everything about it is proven, or one of the errors above.
func VerifyFile(text string, check Check) (*License, error) {
	found := certificate.FindStringSubmatch(strings.TrimSpace(text))
	if found == nil || found[1] != found[3] {
		return nil, ErrMalformed
	}
	outer, err := decode(strings.NewReplacer("\r", "", "\n", "").Replace(found[2]))
	if err != nil {
		return nil, ErrMalformed
	}
	var payload struct{ Enc, Sig, Alg string }
	if err := json.Unmarshal(outer, &payload); err != nil {
		return nil, ErrMalformed
	}
	// Nothing else is ever accepted: which algorithms count is the app's decision, not the file's.
	if payload.Alg != "base64+ed25519" && payload.Alg != "aes-256-gcm+ed25519" {
		return nil, ErrMalformed
	}
	kind := strings.ToLower(found[1])
	// The signature comes first: nothing below looks at bytes that nobody vouches for.
	if !isSigned(kind+"/"+payload.Enc, payload.Sig, check.PublicKeys) {
		return nil, ErrBadSignature
	}
	var plain []byte
	if payload.Alg == "base64+ed25519" {
		plain, err = decode(payload.Enc)
	} else {
		secret := check.LicenseKey
		if kind == "machine" {
			secret += check.Fingerprint
		}
		plain, err = decrypt(payload.Enc, secret)
	}
	if err != nil {
		return nil, err
	}
	var content document
	if err := json.Unmarshal(plain, &content); err != nil {
		return nil, ErrMalformed
	}
	return judge(content, check)
}

// decode is strict, so that a file with as much as one odd character is refused.
func decode(text string) ([]byte, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(data) != text {
		return nil, ErrMalformed
	}
	return data, nil
}

func isSigned(message, signature string, publicKeys []string) bool {
	sig, err := decode(signature)
	if err != nil {
		return false
	}
	for _, encoded := range publicKeys {
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(message), sig) {
			return true
		}
	}
	return false
}

func decrypt(enc, secret string) ([]byte, error) {
	parts := strings.Split(enc, ".")
	if len(parts) != 3 {
		return nil, ErrMalformed
	}
	var raw [3][]byte
	for i, part := range parts {
		data, err := decode(part)
		if err != nil {
			return nil, err
		}
		raw[i] = data
	}
	ciphertext, iv, tag := raw[0], raw[1], raw[2]
	key := sha256.Sum256([]byte(secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	if len(iv) != gcm.NonceSize() || len(tag) != gcm.Overhead() {
		return nil, ErrMalformed
	}
	plain, err := gcm.Open(nil, iv, append(ciphertext, tag...), nil)
	if err != nil {
		return nil, ErrWrongKeyOrDevice
	}
	return plain, nil
}

func judge(content document, check Check) (*License, error) {
	var license *License
	for _, each := range append([]resource{content.Data}, content.Included...) {
		switch each.Type {
		case "machines":
			var device struct{ Fingerprint string }
			if err := json.Unmarshal(each.Attributes, &device); err != nil {
				return nil, ErrMalformed
			}
			if device.Fingerprint != check.Fingerprint {
				return nil, ErrWrongDevice
			}
		case "licenses":
			license = new(License)
			if err := json.Unmarshal(each.Attributes, license); err != nil {
				return nil, ErrMalformed
			}
		}
	}
	switch {
	case license == nil:
		return nil, ErrMalformed
	case license.Product != check.Product:
		return nil, ErrWrongProduct
	case content.Meta.Issued.After(check.Now.Add(tolerance)), check.LastSeen.After(check.Now.Add(tolerance)):
		return nil, ErrClockRolledBack
	case !check.Now.Before(content.Meta.Expiry):
		return nil, ErrFileExpired
	case license.WorksUntil != nil && !check.Now.Before(*license.WorksUntil):
		return nil, ErrLicenseExpired
	}
	return license, nil
}

type texts []string

func (t *texts) String() string         { return strings.Join(*t, " ") }
func (t *texts) Set(value string) error { *t = append(*t, value); return nil }

func main() {
	var keys texts
	flag.Var(&keys, "public-key", "base64, as often as there are keys")
	product := flag.String("product", "", "")
	fingerprint := flag.String("fingerprint", "", "")
	licenseKey := flag.String("license-key", "", "")
	flag.Parse()
	text, err := os.ReadFile(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	license, err := VerifyFile(string(text), Check{
		PublicKeys: keys, Product: *product, Fingerprint: *fingerprint, LicenseKey: *licenseKey, Now: time.Now(),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "Refused:", err)
		os.Exit(1)
	}
	printed, _ := json.MarshalIndent(license, "", "  ")
	fmt.Println(string(printed))
}
