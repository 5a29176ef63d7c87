package backbone

import (
	"cmp"
	"encoding/hex"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
)

// hubFile is the name of the weights in a repository on Hugging Face's hub.
const hubFile = "model.safetensors"

// onHub is the file of a repository, OWNER/NAME. As in Python's huggingface_hub, HF_ENDPOINT is the address of a mirror
// to ask instead.
func onHub(network, repository string) Published {
	endpoint := cmp.Or(strings.TrimRight(os.Getenv("HF_ENDPOINT"), "/"), "https://huggingface.co")
	return Published{
		Network: network, File: path.Base(repository) + ".safetensors", Repository: repository,
		URL: endpoint + "/" + repository + "/resolve/main/" + hubFile,
	}
}

// inFolder lists where a folder may hold the file: under its own name, or in a copy of its repository.
func (p Published) inFolder(dir string) []string {
	files := []string{filepath.Join(dir, p.File)}
	if p.Repository != "" {
		files = append(files, filepath.Join(dir, path.Base(p.Repository), hubFile),
			filepath.Join(dir, filepath.FromSlash(p.Repository), hubFile))
	}
	return files
}

// inHubCache finds the file where Python's huggingface_hub has put it; the path is "" if it is not there. Of several
// versions it takes the one that is main there, else any. A file that has changed is passed over, and damaged says so:
// it is stored under its SHA-256.
func (p Published) inHubCache() (path string, damaged error) {
	cache := hubCacheDir()
	if p.Repository == "" || cache == "" {
		return "", nil
	}
	repository := filepath.Join(cache, "models--"+strings.ReplaceAll(p.Repository, "/", "--"))
	var versions []string
	if main, err := os.ReadFile(filepath.Join(repository, "refs", "main")); err == nil {
		versions = append(versions, strings.TrimSpace(string(main)))
	}
	snapshots := filepath.Join(repository, "snapshots")
	entries, _ := os.ReadDir(snapshots)
	for _, e := range entries {
		versions = append(versions, e.Name())
	}
	for _, version := range versions {
		path := filepath.Join(snapshots, version, hubFile)
		switch there, sound := inspect(path); {
		case sound:
			return path, damaged
		case there && damaged == nil:
			damaged = errDamaged(path)
		}
	}
	return "", damaged
}

// inspect reports whether a file of that cache is there, and unchanged. Where there are no symbolic links, the name does
// not tell its sum, and it is taken as it is.
func inspect(path string) (there, sound bool) {
	stored, err := filepath.EvalSymlinks(path)
	if err != nil || !isFile(stored) {
		return false, false
	}
	name := filepath.Base(stored)
	if sum, err := hex.DecodeString(name); err != nil || len(sum) != 32 {
		return true, true
	}
	got, err := files.SHA256(stored)
	return true, err == nil && got == name
}

// hubCacheDir is the folder of the files that Python's huggingface_hub has fetched, or "".
func hubCacheDir() string {
	if dir := os.Getenv("HF_HUB_CACHE"); dir != "" {
		return dir
	}
	home := os.Getenv("HF_HOME")
	if cache := os.Getenv("XDG_CACHE_HOME"); home == "" && cache != "" {
		home = filepath.Join(cache, "huggingface")
	}
	if user, err := os.UserHomeDir(); home == "" && err == nil {
		home = filepath.Join(user, ".cache", "huggingface") // on each system
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, "hub")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
