package backbone

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolderOfWeightsMayHoldTheRepository(t *testing.T) {
	newHub(t, nil)
	dir := t.TempDir()
	t.Setenv("WEIGHTS_DIR", dir)
	write(t, filepath.Join(dir, "model.safetensors"), nil) // of which model?
	for _, name := range []string{"google/vit-base-patch16-224/model.safetensors", "vit-base-patch16-224/model.safetensors", "vit-base-patch16-224.safetensors"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if found, _ := viTFile(t).Find(); found == path {
			t.Errorf("found %s before it was there", path)
		}
		write(t, path, []byte("weights"))
		if found, damaged := viTFile(t).Find(); found != path || damaged != nil { // each goes before those written before
			t.Errorf("found %q, want %s, %v", found, path, damaged)
		}
	}
	p, err := resNet50V2.Published(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if found, damaged := p.Find(); found != "" || damaged != nil {
		t.Errorf("ResNet50V2 found as %q, %v", found, damaged)
	}
}

// hubCached writes a version of the ViT as Python's huggingface_hub does, and returns its path and that of its bytes.
func hubCached(t *testing.T, cache, version string, data []byte) (path, blob string) {
	t.Helper()
	repository := filepath.Join(cache, "models--google--vit-base-patch16-224")
	blob = filepath.Join(repository, "blobs", fmt.Sprintf("%x", sha256.Sum256(data)))
	path = filepath.Join(repository, "snapshots", version, "model.safetensors")
	write(t, blob, data)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", "..", "blobs", filepath.Base(blob)), path); err != nil {
		t.Skip("needs symbolic links: ", err)
	}
	return path, blob
}

func TestFileInHuggingFacesCacheIsNotFetchedAgain(t *testing.T) {
	content := checkpointBytes(t)
	h := newHub(t, content)
	home := t.TempDir()
	for _, name := range []string{"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("USERPROFILE", home)                                // HOME of Windows
	for _, c := range []struct{ variable, value, cache string }{ // each goes before those set before
		{"HOME", home, filepath.Join(home, ".cache", "huggingface", "hub")},
		{"XDG_CACHE_HOME", filepath.Join(home, "xdg"), filepath.Join(home, "xdg", "huggingface", "hub")},
		{"HF_HOME", filepath.Join(home, "hf"), filepath.Join(home, "hf", "hub")},
		{"HF_HUB_CACHE", filepath.Join(home, "cache"), filepath.Join(home, "cache")},
	} {
		t.Setenv(c.variable, c.value)
		path, _ := hubCached(t, c.cache, "abc", content)
		if found, damaged := viTFile(t).Find(); found != path || damaged != nil {
			t.Errorf("%v: found %q, want %s, %v", c.variable, found, path, damaged)
		}
		if got, err := viTFile(t).Fetch(context.Background(), nil); got != path || err != nil || h.sent != 0 {
			t.Errorf("%v: fetched %s, %v, %d bytes sent", c.variable, got, err, h.sent)
		}
	}
}

func TestHuggingFacesCacheGivesTheMainVersionUnlessDamaged(t *testing.T) {
	h := newHub(t, checkpointBytes(t))
	cache := os.Getenv("HF_HUB_CACHE")
	older, olderBlob := hubCached(t, cache, "aaa", []byte("older"))
	main, mainBlob := hubCached(t, cache, "bbb", h.content)
	write(t, filepath.Join(cache, "models--google--vit-base-patch16-224", "refs", "main"), []byte("bbb"))
	finds := func(want, damaged string) {
		t.Helper()
		found, err := viTFile(t).Find()
		if found != want {
			t.Errorf("found %q, want %q", found, want)
		}
		if damaged == "" && err != nil || damaged != "" && (err == nil || !strings.Contains(err.Error(), damaged+" is damaged")) {
			t.Errorf("said to be damaged: %v, want %q", err, damaged)
		}
	}
	finds(main, "")
	write(t, mainBlob, []byte("half a fi"))
	finds(older, main)
	if err := os.Remove(olderBlob); err != nil { // as a user who wants the space does
		t.Fatal(err)
	}
	finds("", main)
	if path, err := viTFile(t).Fetch(context.Background(), nil); err != nil || !strings.HasPrefix(path, os.Getenv("DEFECTS_CACHE")) || h.sent != len(h.content) {
		t.Errorf("fetched %s, %v, %d bytes sent", path, err, h.sent)
	}
	plain := filepath.Join(filepath.Dir(older), "..", "ccc", hubFile) // where there are no symbolic links
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	write(t, plain, h.content)
	finds(filepath.Clean(plain), main)
}
