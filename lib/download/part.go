package download

import (
	"errors"
	"os"
	"strings"
)

// partFile is an unfinished download. Beside it lies what names the server's version of the file, to be sent as
// If-Range, an entity tag or a date, and on the next line the MD5 that the server has announced, if any.
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
	version, _, _ := p.versionLines()
	return version
}

// announced is the MD5 in hexadecimal that the server gave when it began to send; "" if it gave none.
func (p *partFile) announced() string {
	_, sum, _ := p.versionLines()
	return strings.TrimSpace(sum)
}

func (p *partFile) versionLines() (version, sum string, found bool) {
	b, _ := os.ReadFile(p.versionPath())
	return strings.Cut(strings.TrimRight(string(b), "\n"), "\n")
}

// open truncates the part, or continues it if resume.
func (p *partFile) open(resume bool, version, sum string) (*os.File, error) {
	if resume {
		return os.OpenFile(p.path, os.O_WRONLY|os.O_APPEND, 0)
	}
	// The version is written when the part is empty: a crash in between never pairs bytes with a wrong version.
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.versionPath(), []byte(version+"\n"+sum+"\n"), 0o666); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (p *partFile) remove() {
	os.Remove(p.path)
	os.Remove(p.versionPath())
}
