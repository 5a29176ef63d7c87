package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// version is what this program was built from.
type version struct {
	Version string `json:"version"` // of the module, "(devel)" from a clone
	Commit  string `json:"commit,omitempty"`
	Changed bool   `json:"changed,omitempty"` // since that commit
	Go      string `json:"go"`
	System  string `json:"system"`
	GoMLX   string `json:"gomlx"`
}

func (v version) String() string {
	text := "defects " + v.Version
	if v.Commit != "" && !strings.Contains(v.Version, v.Commit[:min(12, len(v.Commit))]) {
		text += ", commit " + v.Commit
		if v.Changed {
			text += " with changes"
		}
	}
	return fmt.Sprintf("%s, %s, %s, GoMLX %s\n", text, v.Go, v.System, v.GoMLX)
}

func versionCommand(c *call) (fmt.Stringer, error) {
	if _, err := c.parse(0, 0, ""); err != nil {
		return nil, err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, fmt.Errorf("this program was built without modules, and does not know its version: build it with go build")
	}
	return versionOf(info), nil
}

func versionOf(info *debug.BuildInfo) version {
	v := version{Version: info.Main.Version, Go: info.GoVersion, System: runtime.GOOS + "/" + runtime.GOARCH}
	if v.Version == "" {
		v.Version = "(devel)"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Changed = s.Value == "true"
		}
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/gomlx/gomlx" {
			v.GoMLX = d.Version
		}
	}
	return v
}
