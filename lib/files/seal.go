package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// ErrChanged is the error of CheckSeal for a text that is not what was written.
var ErrChanged = errors.New("it is not what was written, its checksum differs")

// Seal fills in the member "checksum" of an indented JSON text, which must be there and empty: with the SHA-256, in
// hexadecimal, of the text as it is given.
func Seal(text []byte) []byte {
	h := sha256.Sum256(text)
	return bytes.Replace(text, checksum(""), checksum(hex.EncodeToString(h[:])), 1)
}

// CheckSeal compares a text that Seal has made with the checksum in it. A text without one passes.
func CheckSeal(text []byte, sum string) error {
	h := sha256.Sum256(bytes.Replace(text, checksum(sum), checksum(""), 1))
	if sum != "" && sum != hex.EncodeToString(h[:]) {
		return ErrChanged
	}
	return nil
}

func checksum(sum string) []byte { return []byte(`"checksum": "` + sum + `"`) }
