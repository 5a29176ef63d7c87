package files

import (
	"path/filepath"
	"testing"
)

func TestCacheDirFollowsTheEnvironment(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", "/some/where")
	if dir, err := CacheDir(); dir != "/some/where" || err != nil {
		t.Error(dir, err)
	}
	t.Setenv("DEFECTS_CACHE", "")
	t.Setenv("XDG_CACHE_HOME", "/home/cache")
	t.Setenv("LocalAppData", "/home/cache")
	if dir, err := CacheDir(); filepath.Base(dir) != "defects" || err != nil {
		t.Error(dir, err)
	}
}
