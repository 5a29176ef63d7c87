package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// goplsModule pins gopls and all that it is built from. It is a module of its own, since gopls needs other versions
// of golang.org/x/tools than the lesson. Newer ones than v0.21 need a newer Go.
const goplsModule = "scripts/internal/gopls"

var goplsRequired = regexp.MustCompile(`golang\.org/x/tools/gopls (v\S+)`)

// goplsKey gives gopls's version, and what it is built from and with.
func (s *setup) goplsKey() (version, key string, err error) {
	var all []byte
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(s.root, goplsModule, name))
		if err != nil {
			return "", "", err
		}
		all = append(all, text...)
	}
	m := goplsRequired.FindSubmatch(all)
	if m == nil {
		return "", "", fmt.Errorf("%s/go.mod does not require gopls", goplsModule)
	}
	return string(m[1]), fmt.Sprintf("%s %x", s.tools, sha256.Sum256(all)), nil
}

// offerCompletion starts what builds gopls, which takes a minute or two and holds up nobody: notebooks run without,
// and a kernel that is already there finds it when it is built. It ends after this program where that ends earlier.
func (s *setup) offerCompletion(ctx context.Context, l *live) (string, error) {
	stand := s.kernel("bin", "gopls")
	if s.options.noCompletion {
		if err := errors.Join(os.RemoveAll(stand), os.RemoveAll(s.kernel("completion"))); err != nil {
			return "", err
		}
		return "left out: Tab and Shift-Tab in a cell offer nothing", nil
	}
	if err := s.build(ctx, l, stand, "./scripts/internal/completion"); err != nil {
		return "", err
	}
	version, key, err := s.goplsKey()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(s.goplsPath()); err == nil && s.stamped("completion", key) {
		return "gopls " + version, nil
	}
	text, _ := os.ReadFile(s.completionLog())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	note := "gopls " + version + " is built in the background, for Tab and Shift-Tab in a cell"
	if why, failed := strings.CutPrefix(lines[len(lines)-1], completionFailed); failed {
		note += " (the last time it failed: " + why + ")"
	}
	return note, s.startBuildingCompletion(key)
}

func (s *setup) goplsPath() string { return s.kernel("completion", "gopls") }

func (s *setup) completionLog() string { return s.local("log", "completion.txt") }

// completionFailed begins the last line of the log where gopls could not be built.
const completionFailed = "FAILED: "

// startBuildingCompletion calls this program again. Its output is a file: a pipe would keep a caller of scripts/lesson
// waiting for the end of it.
func (s *setup) startBuildingCompletion(key string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.local("log"), 0o755); err != nil {
		return err
	}
	log, err := os.Create(s.completionLog())
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(self, s.root, "completion")
	cmd.Dir, cmd.Env = s.root, append(s.environment(), "COMPLETION_KEY="+key)
	if s.options.tests {
		cmd.Env = append(cmd.Env, "COMPLETION_AWAITED=1")
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		if cmd.Wait() != nil {
			s.c.say("gopls could not be built: cells run, but Tab and Shift-Tab in them offer nothing. Why: " + s.completionLog())
		}
	}()
	return nil
}

// buildCompletion is that second call. Two at a time would do the same work twice: the later one leaves it to the first.
func buildCompletion(ctx context.Context, root string) (exitCode int) {
	s := newSetup(nil, root, options{})
	f, err := os.OpenFile(s.local("completion.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err == nil {
		defer f.Close()
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			return 0
		}
		if os.Getenv("COMPLETION_AWAITED") == "" {
			syscall.Setpriority(syscall.PRIO_PROCESS, 0, 10) // what somebody waits for comes first
		}
		err = s.buildGopls(ctx, os.Getenv("COMPLETION_KEY"))
	}
	if err != nil {
		fmt.Println(completionFailed + strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

func (s *setup) buildGopls(ctx context.Context, key string) error {
	path := s.goplsPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	run := func(name string, args ...string) error {
		var last bytes.Buffer
		cmd := s.exec(ctx, name, args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, &last
		err := cmd.Run()
		os.Stdout.Write(last.Bytes())
		if lines := strings.Split(strings.TrimSpace(last.String()), "\n"); err != nil {
			err = fmt.Errorf("%s: %w: %s", filepath.Base(name), err, lines[len(lines)-1])
		}
		return err
	}
	start := time.Now()
	if err := run("go", "build", "-C", filepath.Join(s.root, goplsModule), "-o", path+".new", "golang.org/x/tools/gopls"); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	fmt.Printf("built in %.0f s\n", time.Since(start).Seconds())
	if err := s.stamp("completion", key); err != nil {
		return err
	}
	// The first question of the first kernel would wait for gopls to read the library and all below it.
	start = time.Now()
	if err := run(s.kernel("bin", "gopls"), "-warm", s.root); err != nil {
		return err
	}
	fmt.Printf("has read the library in %.0f s\n", time.Since(start).Seconds())
	return nil
}
