package download

import (
	"errors"
	"os"
	"strings"
)

// partFile is an unfinished download. Beside it lies what names the server's version of the file, to be sent as
// If-Range: an entity tag or a date.
type partFile struct{ path string }

func (p *partFile) versionPath() string { return p.path + ".version" }

func (p *partFile) size() int64 {
	info, err := os.Stat(p.path)
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// version is empty if the server gave none. Then the part cannot be continued safely.
func (p *partFile) version() string {
	b, _ := os.ReadFile(p.versionPath())
	return strings.TrimSpace(string(b))
}

// open truncates the part, or continues it if resume.
func (p *partFile) open(resume bool, version string) (*os.File, error) {
	if resume {
		return os.OpenFile(p.path, os.O_WRONLY|os.O_APPEND, 0)
	}
	// The version is written when the part is empty: a crash in between never pairs bytes with a wrong version.
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.versionPath(), []byte(version+"\n"), 0o666); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (p *partFile) remove() {
	os.Remove(p.path)
	os.Remove(p.versionPath())
}
