package files

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// SHA256 is the checksum of a file, in hexadecimal.
func SHA256(path string) (string, error) { return Sum(path, sha256.New()) }

// Sum is the checksum of a file by a hash, in hexadecimal.
func Sum(path string, h hash.Hash) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("checksum: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
