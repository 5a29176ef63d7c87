package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// gitSettings are set in this clone alone.
var gitSettings = [][2]string{
	// What .gitattributes names. Git runs it in the root of the working tree; where the runner is not built, as in a
	// second working tree, notebooks pass as they are.
	{"filter.notebook.clean", "if [ -x .lesson/bin/runner ]; then .lesson/bin/runner . clean; else cat; fi"},
	// A file of another size counts as changed before git asks the filter. So a pull puts outputs, and what a student
	// wrote into cells, aside, and brings back what was written.
	{"merge.autoStash", "true"},
	{"rebase.autoStash", "true"},
}

// saveHook is Jupyter's configuration: after a notebook was saved, git is told of its size if nothing else changed.
const saveHook = `# Written by set-up: a notebook that was run, and not edited, is no change for git.
import os
import subprocess
import warnings


def tell_git(model, os_path, contents_manager, **_):
    if model["type"] != "notebook":
        return
    folder, name = os.path.split(os_path)
    git = ["git", "-C", folder]
    try:
        if subprocess.run([*git, "diff", "--quiet", "--", name], capture_output=True).returncode == 0:
            subprocess.run([*git, "add", "--update", "--", name], capture_output=True)
    except OSError:  # no git
        pass


c.FileContentsManager.post_save_hook = tell_git  # noqa: F821
# Jupyter looks at what is configured twice, and takes the second time for another hook.
warnings.filterwarnings("ignore", message=r"Overriding existing post_save_hook \(tell_git\) with a new one \(tell_git\)")
`

// keepNotebooksClean tells git and Jupyter how outputs stay out of what git sees. A folder that is no clone needs no
// more.
func (s *setup) keepNotebooksClean(ctx context.Context, l *live) (string, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return "no git here: nothing to do", nil
	}
	// A folder that was unpacked inside another clone is not to change that one.
	if inside, err := s.output(ctx, "git", "rev-parse", "--show-prefix"); err != nil || inside != "" {
		return "this folder is no clone: nothing to do", nil
	}
	for _, setting := range gitSettings {
		if now, err := s.output(ctx, "git", "config", "--local", setting[0]); err == nil && now == setting[1] {
			continue
		}
		if err := s.command(ctx, l, "git", "config", "--local", setting[0], setting[1]); err != nil {
			return "", err
		}
	}
	config := s.venv("etc", "jupyter")
	if err := os.MkdirAll(config, 0o755); err != nil {
		return "", err
	}
	return "outputs of notebooks stay out of commits, and a pull goes through",
		writeFile(filepath.Join(config, "jupyter_server_config.py"), []byte(saveHook), 0o644)
}
