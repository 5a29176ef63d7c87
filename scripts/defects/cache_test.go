//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCacheListsAndClears(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("DEFECTS_CACHE", cache)
	var empty cached
	succeed(t, &empty, "cache")
	if empty.Folder != cache || empty.Bytes != 0 || empty.Items == nil || len(empty.Items) != 0 {
		t.Errorf("%+v", empty)
	}
	for name, size := range map[string]int{"features/old.f32": 4000, "weights/w.h5": 3_000_000, "weights/.w.h5.123.tmp": 7, "weights/.new.h5.9.tmp": 8,
		"decodable/abc": 1, "datasets/NEU-DET/a.jpg": 50, "datasets/NEU-DET/b.jpg": 50, "pjrt/1/plugin.so": 9, "notes.txt": 5} {
		write(t, make([]byte, size), cache, filepath.FromSlash(name))
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(filepath.Join(cache, "weights", ".w.h5.123.tmp"), yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	paths := func(items []cacheItem) (names []string) {
		for _, i := range items {
			name, _ := filepath.Rel(cache, i.Path)
			names = append(names, filepath.ToSlash(name))
		}
		slices.Sort(names)
		return names
	}
	var all cached
	succeed(t, &all, "cache")
	if got := strings.Join(paths(all.Items), " "); all.Bytes != 3_004_130 || got != "datasets/NEU-DET decodable features/old.f32 notes.txt "+
		"pjrt weights/.new.h5.9.tmp weights/.w.h5.123.tmp weights/w.h5" {
		t.Errorf("%d bytes in %s", all.Bytes, got)
	}
	code, stdout, stderr := defects("cache")
	if code != 0 || stderr != "" || !strings.Contains(stdout, cache+": 3.0 MB\n") || !strings.Contains(stdout, "datasets/NEU-DET: images\n") ||
		!strings.Contains(stdout, time.Now().Format("2006-01-02")) {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	var cleared cached
	succeed(t, &cleared, "cache", "--clear")
	if got := strings.Join(paths(cleared.Removed), " "); got != "decodable features/old.f32 weights/.w.h5.123.tmp" {
		t.Errorf("removed %s", got)
	}
	if got := strings.Join(paths(cleared.Items), " "); got != "datasets/NEU-DET notes.txt pjrt weights/.new.h5.9.tmp weights/w.h5" {
		t.Errorf("%s is left", got)
	}
}

func TestCacheThatCannotBeListed(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", write(t, nil, t.TempDir(), "a-file"))
	refuse(t, []string{"a-file", "not a directory"}, "cache")
}

func TestCacheTakesNoArguments(t *testing.T) {
	code, stdout, stderr := defects("cache", "features")
	if code != 2 || stdout != "" || !strings.Contains(stderr, `unexpected argument "features"`) || !strings.Contains(stderr, "--clear") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
