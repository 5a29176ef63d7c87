package device

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// fakePip writes a python3 whose pip "downloads" the file $FAKE_WHEEL, logs each call to $FAKE_LOG, and runs
// before first. It makes it the only python3 on the PATH.
func fakePip(t *testing.T, file, before string) (log string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake pip is a shell script: needs a Unix system")
	}
	dir := t.TempDir()
	script := `#!/bin/sh
[ "$1 $2" = "-m pip" ] || exit 9
[ "$3" = --version ] && exit 0
echo "$@" >> "$FAKE_LOG"
while [ $# -gt 0 ]; do
	case "$1" in --dest) dest="$2";; -r) cat "$2" >> "$FAKE_LOG";; esac
	shift
done
eval "$FAKE_BEFORE"
cp "$FAKE_WHEEL" "$dest/fake-1.0-py3-none-any.whl"
`
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	log = filepath.Join(dir, "log")
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("FAKE_LOG", log)
	t.Setenv("FAKE_WHEEL", file)
	t.Setenv("FAKE_BEFORE", before)
	return log
}

// fakeWheel writes a wheel with a plugin of a few kilobytes.
func fakeWheel(t *testing.T) (w wheel, file string) {
	t.Helper()
	library := bytes.Repeat([]byte("plugin "), 1000)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("fake/pjrt_c_api_cpu_plugin.so")
	if err != nil {
		t.Fatal(err)
	}
	f.Write(library)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "fake.whl")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	return wheel{
		name: "fake", version: "1.0", platform: "linux/amd64",
		sha256: sum(b.Bytes()), size: int64(b.Len()),
		library: "fake/pjrt_c_api_cpu_plugin.so", librarySHA256: sum(library), librarySize: int64(len(library)),
	}, file
}
