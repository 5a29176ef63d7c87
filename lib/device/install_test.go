package device

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// helperVariable turns the test binary into one that does a single thing, to be killed or run twice at once.
const helperVariable = "DEVICE_TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperVariable) {
	case "install":
		helperInstall()
	case "flags":
		helperFlags()
	default:
		os.Exit(m.Run())
	}
}

// helperWheel carries a wheel to the helper process.
type helperWheel struct {
	Name, Version, SHA256, Library, LibrarySHA256 string
	Size, LibrarySize                             int64
}

func helperInstall() {
	var j helperWheel
	if err := json.Unmarshal([]byte(os.Getenv("WHEEL")), &j); err != nil {
		panic(err)
	}
	w := wheel{name: j.Name, version: j.Version, sha256: j.SHA256, size: j.Size, library: j.Library, librarySHA256: j.LibrarySHA256, librarySize: j.LibrarySize}
	err := w.install(context.Background(), os.Getenv("CACHE"), findPip, func(s string) { fmt.Println(s) })
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func installInto(w wheel, cache string) (said []string, err error) {
	err = w.install(context.Background(), cache, findPip, func(s string) { said = append(said, s) })
	return said, err
}

func downloads(t *testing.T, log string) int {
	t.Helper()
	b, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(b), " download ")
}

// wantInstalled checks that the folder holds the whole plugin, the lock, and nothing else.
func wantInstalled(t *testing.T, w wheel, cache string) {
	t.Helper()
	if sum, err := sumOf(w.path(cache)); err != nil || sum != w.librarySHA256 {
		t.Errorf("installed plugin: SHA-256 %s, error %v; want %s", sum, err, w.librarySHA256)
	}
	wantClean(t, w, cache, 1)
}

func wantClean(t *testing.T, w wheel, cache string, plugins int) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(w.path(cache)))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != ".lock" && !(plugins == 1 && name == filepath.Base(w.path(cache))) {
			t.Errorf("left behind: %s", name)
		}
	}
}

func TestInstallOnceThenSkip(t *testing.T) {
	w, file := fakeWheel(t)
	log := fakePip(t, file, "")
	cache := filepath.Join(t.TempDir(), "new", "cache")
	for range 2 {
		if _, err := installInto(w, cache); err != nil {
			t.Fatal(err)
		}
		wantInstalled(t, w, cache)
	}
	if n := downloads(t, log); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
	b, _ := os.ReadFile(log)
	for _, part := range []string{"--no-deps", "--only-binary=:all:", "--require-hashes", "fake==1.0 --hash=sha256:" + w.sha256} {
		if !strings.Contains(string(b), part) {
			t.Errorf("pip was called without %s:\n%s", part, b)
		}
	}
}

func TestInstallRepairsDamagedPlugin(t *testing.T) {
	w, file := fakeWheel(t)
	fakePip(t, file, "")
	cache := t.TempDir()
	if _, err := installInto(w, cache); err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Repeat([]byte{0}, int(w.librarySize))
	if err := os.WriteFile(w.path(cache), damaged, 0o755); err != nil {
		t.Fatal(err)
	}
	said, err := installInto(w, cache)
	if err != nil || !strings.Contains(strings.Join(said, "\n"), "damaged") {
		t.Errorf("said %q, error %v", said, err)
	}
	wantInstalled(t, w, cache)
}

func TestInstallRefusesWrongHash(t *testing.T) {
	w, file := fakeWheel(t)
	fakePip(t, file, "")
	for name, change := range map[string]func(*wheel){
		"wheel":   func(w *wheel) { w.sha256 = strings.Repeat("0", 64) },
		"library": func(w *wheel) { w.librarySHA256 = strings.Repeat("0", 64) },
	} {
		t.Run(name, func(t *testing.T) {
			w, cache := w, t.TempDir()
			change(&w)
			_, err := installInto(w, cache)
			if err == nil || !strings.Contains(err.Error(), strings.Repeat("0", 64)) {
				t.Errorf("error is %v, want both sums in it", err)
			}
			wantClean(t, w, cache, 0)
		})
	}
}

func TestInstallRefusesTruncatedWheel(t *testing.T) {
	w, file := fakeWheel(t)
	if err := os.Truncate(file, 50); err != nil {
		t.Fatal(err)
	}
	w.sha256, _ = sumOf(file)
	fakePip(t, file, "")
	cache := t.TempDir()
	if _, err := installInto(w, cache); err == nil || !strings.Contains(err.Error(), ".whl") {
		t.Errorf("error is %v, want the wheel in it", err)
	}
	wantClean(t, w, cache, 0)
}

func TestInstallExplainsPipFailures(t *testing.T) {
	w, file := fakeWheel(t)
	for said, want := range map[string]string{
		"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES":              "another file than the pinned one",
		"WARNING: Failed to establish a new connection: [Errno 111]": "no network?",
		"ERROR: No matching distribution found for fake==1.0":        "glibc",
		"OSError: [Errno 28] No space left on device":                "disk is full",
	} {
		fakePip(t, file, "echo '"+said+"' >&2; exit 1")
		cache := t.TempDir()
		_, err := installInto(w, cache)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), said) {
			t.Errorf("pip says %q, error is %v, want %q in it", said, err, want)
		}
		wantClean(t, w, cache, 0)
	}
}

func TestInstallWithoutPython(t *testing.T) {
	w, _ := fakeWheel(t)
	t.Setenv("PATH", t.TempDir())
	_, err := installInto(w, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "python3") || !strings.Contains(err.Error(), "GOMLX_BACKEND=xla:/") {
		t.Errorf("error is %v", err)
	}
}

func TestInstallWithoutPermission(t *testing.T) {
	w, file := fakeWheel(t)
	log := fakePip(t, file, "")
	blocked := filepath.Join(t.TempDir(), "file") // root may write anywhere, but not below a file
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := installInto(w, filepath.Join(blocked, "cache"))
	if err == nil || !strings.Contains(err.Error(), blocked) || !strings.Contains(err.Error(), "DEFECTS_CACHE") {
		t.Errorf("error is %v", err)
	}
	if n := downloads(t, log); n != 0 {
		t.Errorf("pip was called %d times for a folder that cannot be written", n)
	}
}

func TestInstallStopsWithContext(t *testing.T) {
	w, file := fakeWheel(t)
	fakePip(t, file, "exec sleep 60")
	cache := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := w.install(ctx, cache, findPip, func(string) {})
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("after %v: error %v", time.Since(start), err)
	}
	wantClean(t, w, cache, 0)
}

func helper(t *testing.T, w wheel, cache string) *exec.Cmd {
	t.Helper()
	j, err := json.Marshal(helperWheel{Name: w.name, Version: w.version, SHA256: w.sha256, Size: w.size,
		Library: w.library, LibrarySHA256: w.librarySHA256, LibrarySize: w.librarySize})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"=install", "WHEEL="+string(j), "CACHE="+cache)
	return cmd
}

func TestInstallAfterKill(t *testing.T) {
	w, file := fakeWheel(t)
	log := fakePip(t, file, `head -c 100 "$FAKE_WHEEL" > "$dest/fake-1.0-py3-none-any.whl"; exec sleep 3`)
	cache := t.TempDir()
	cmd := helper(t, w, cache)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); downloads(t, log) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the first installation did not reach pip")
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(w.path(cache)), ".installing-*"))
	if len(left) == 0 {
		t.Fatal("the killed installation left nothing, so nothing is tested")
	}
	if _, err := os.Stat(w.path(cache)); err == nil {
		t.Error("the killed installation left a plugin")
	}

	fakePip(t, file, "")
	if _, err := installInto(w, cache); err != nil {
		t.Fatal(err)
	}
	wantInstalled(t, w, cache)
}

func TestTwoInstallsAtOnceDownloadOnce(t *testing.T) {
	w, file := fakeWheel(t)
	log := fakePip(t, file, "sleep 0.5")
	cache := t.TempDir()
	var cmds [3]*exec.Cmd
	var outputs [3]bytes.Buffer
	for i := range cmds {
		cmds[i] = helper(t, w, cache)
		cmds[i].Stdout = &outputs[i]
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	all := ""
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v\n%s", i, err, &outputs[i])
		}
		all += outputs[i].String()
	}
	if n := downloads(t, log); n != 1 {
		t.Errorf("%d downloads, want 1\n%s", n, all)
	}
	if !strings.Contains(all, "waiting for another process") {
		t.Errorf("no process said that it waits:\n%s", all)
	}
	wantInstalled(t, w, cache)
}
