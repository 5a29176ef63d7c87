package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// git runs git in dir, with no settings of this machine.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	output, err := gitTry(dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return output
}

func gitTry(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
	output, err := cmd.CombinedOutput()
	return string(output), err
}

var runnerProgram []byte

// builtRunner builds this program once for all tests.
var builtRunner = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "runner-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "runner"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	runnerProgram, err = os.ReadFile(filepath.Join(dir, "runner"))
	return err
})

// lessonAndStudent makes a repository of notebooks and a clone of it, in which set-up has been.
func lessonAndStudent(t *testing.T) (lesson, student string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	lesson, student = t.TempDir(), filepath.Join(t.TempDir(), "clone")
	git(t, lesson, "init", "-q", "-b", "main")
	for from, to := range map[string]string{".gitattributes": ".gitattributes", ".gitignore": ".gitignore",
		"notebooks/1-data.ipynb": "notebooks/1-data.ipynb"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", from))
		if err == nil && filepath.Ext(from) == ".ipynb" {
			text, err = cleaned(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(lesson, to), string(text))
	}
	git(t, lesson, "add", ".")
	git(t, lesson, "commit", "-q", "-m", "lesson")
	git(t, filepath.Dir(student), "clone", "-q", lesson, student)
	if err := builtRunner(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(student, ".lesson", "bin", "runner"), string(runnerProgram))
	if err := os.Chmod(filepath.Join(student, ".lesson", "bin", "runner"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSetup(nil, student, options{})
	if note, err := s.keepNotebooksClean(t.Context(), nil); err != nil || !strings.Contains(note, "stay out") {
		t.Fatal(note, err)
	}
	return lesson, student
}

// ran is the notebook after it was run: with an output, and another version of Go.
func ran(t *testing.T, path string) {
	t.Helper()
	change(t, path, `"outputs": []`, `"outputs": [{"name": "stdout", "output_type": "stream", "text": ["crazing 240\n"]}]`)
	change(t, path, `"execution_count": null`, `"execution_count": 3`)
	change(t, path, `"name": "go",`, `"name": "go", "version": "go1.99",`)
}

func change(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s has no %s", path, from)
	}
	write(t, path, strings.Replace(string(text), from, to, 1))
}

func TestWhatIsExportedByHandIsNoChange(t *testing.T) {
	_, student := lessonAndStudent(t)
	exported := []string{"1-data.go", "1-data.html", "1-data.slides.html", "1-data.md", "1-data_files/1-data_3_0.png", "1-data.pdf",
		"solutions/1-compare.go", "solutions/1-compare.html"}
	kept := []string{"notebooks/more.go", "notebooks/more_test.go", "notebooks/solutions/4-more.ipynb"}
	for _, name := range exported {
		write(t, filepath.Join(student, "notebooks", name), "")
	}
	for _, path := range kept {
		write(t, filepath.Join(student, path), "")
	}
	want := "?? " + strings.Join(kept, "\n?? ") + "\n"
	if status := git(t, student, "status", "--porcelain", "--untracked-files=all"); status != want {
		t.Errorf("git sees\n%swant\n%s", status, want)
	}
}

func TestAPullWorksAfterALesson(t *testing.T) {
	lesson, student := lessonAndStudent(t)
	mine := filepath.Join(student, "notebooks", "1-data.ipynb")
	ran(t, mine)
	if diff := git(t, student, "diff"); diff != "" {
		t.Errorf("after running, git sees\n%s", diff)
	}
	change(t, filepath.Join(lesson, "notebooks", "1-data.ipynb"), "Count first.", "Count first, always.")
	git(t, lesson, "commit", "-q", "-a", "-m", "a text cell")
	git(t, student, "pull", "-q")
	text, _ := os.ReadFile(mine)
	if !strings.Contains(string(text), "Count first, always.") {
		t.Error("the change of the lesson is not there")
	}
	if status := git(t, student, "status", "--porcelain"); status != "" {
		t.Errorf("after the pull, git sees\n%s", status)
	}
}

// Without the filter the same pull fails: the test above can fail.
func TestWithoutTheFilterOutputsAreInTheWay(t *testing.T) {
	lesson, student := lessonAndStudent(t)
	git(t, student, "config", "--local", "--unset", "filter.notebook.clean")
	git(t, student, "config", "--local", "--unset", "merge.autoStash")
	ran(t, filepath.Join(student, "notebooks", "1-data.ipynb"))
	change(t, filepath.Join(lesson, "notebooks", "1-data.ipynb"), "Count first.", "Count first, always.")
	git(t, lesson, "commit", "-q", "-a", "-m", "a text cell")
	if output, err := gitTry(student, "pull", "-q"); err == nil {
		t.Errorf("the pull went through:\n%s", output)
	}
}

func TestWhatAStudentChangedInACellOutlivesAPull(t *testing.T) {
	lesson, student := lessonAndStudent(t)
	mine := filepath.Join(student, "notebooks", "1-data.ipynb")
	ran(t, mine)
	change(t, mine, "Five training images of each class", "Five images")
	if diff := git(t, student, "diff", "--stat"); !strings.Contains(diff, "1 insertion(+), 1 deletion(-)") {
		t.Errorf("one line was changed, git sees\n%s", diff)
	}
	change(t, filepath.Join(lesson, "notebooks", "1-data.ipynb"), "Count first.", "Count first, always.")
	git(t, lesson, "commit", "-q", "-a", "-m", "a text cell")
	git(t, student, "pull", "-q")
	text, _ := os.ReadFile(mine)
	for _, want := range []string{"Five images", "Count first, always."} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is gone", want)
		}
	}
}

// What JupyterLab calls after each save.
func TestANotebookThatWasOnlyRunIsNoChange(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3")
	}
	_, student := lessonAndStudent(t)
	mine := filepath.Join(student, "notebooks", "1-data.ipynb")
	own := filepath.Join(student, "notebooks", "own.ipynb")
	write(t, own, "{}")
	save := func(path string) {
		t.Helper()
		const call = `
import types, sys
c = types.SimpleNamespace(FileContentsManager=types.SimpleNamespace())
exec(open(sys.argv[1]).read())
c.FileContentsManager.post_save_hook(model={"type": "notebook"}, os_path=sys.argv[2], contents_manager=None)
import warnings
warnings.warn("Overriding existing post_save_hook (tell_git) with a new one (tell_git).") # as Jupyter does at its start
`
		cmd := exec.Command(python, "-c", call, filepath.Join(student, ".venv", "etc", "jupyter", "jupyter_server_config.py"), path)
		if output, err := cmd.CombinedOutput(); err != nil || len(output) > 0 {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	ran(t, mine)
	save(mine)
	save(own)
	if status := git(t, student, "status", "--porcelain"); status != "?? notebooks/own.ipynb\n" {
		t.Errorf("after running and saving, git sees\n%s", status)
	}
	change(t, mine, "Five training images of each class", "Five images")
	save(mine)
	if status := git(t, student, "status", "--porcelain"); !strings.HasPrefix(status, " M notebooks/1-data.ipynb") {
		t.Errorf("after an edit, git sees\n%s", status)
	}
}

func TestNotebooksPassWhereTheRunnerIsNotBuilt(t *testing.T) {
	_, student := lessonAndStudent(t)
	if err := os.RemoveAll(filepath.Join(student, ".lesson")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(student, "notebooks", "1-data.ipynb")
	change(t, path, "Count first.", "Count.")
	if output := git(t, student, "commit", "-q", "-a", "-m", "mine"); output != "" {
		t.Error(output)
	}
	if status := git(t, student, "status", "--porcelain"); status != "" {
		t.Error(status)
	}
}

func TestAFolderInsideAnotherCloneChangesNothingThere(t *testing.T) {
	lesson, _ := lessonAndStudent(t)
	inside := filepath.Join(lesson, "unpacked")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if note, err := newSetup(nil, inside, options{}).keepNotebooksClean(t.Context(), nil); err != nil || !strings.Contains(note, "no clone") {
		t.Error(note, err)
	}
	if config := git(t, lesson, "config", "--local", "--list"); strings.Contains(config, "filter.") {
		t.Error(config)
	}
}
