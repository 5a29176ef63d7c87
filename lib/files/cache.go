// Package files knows where this module and its cache lie, and writes files whole or not at all.
package files

import (
	"fmt"
	"os"
	"path/filepath"
)

// CacheDir is the folder for what can be fetched or computed again: $DEFECTS_CACHE, else "defects" in the user's cache
// folder. It is not made here.
func CacheDir() (string, error) {
	if dir := os.Getenv("DEFECTS_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set DEFECTS_CACHE to a folder", err)
	}
	return filepath.Join(dir, "defects"), nil
}
