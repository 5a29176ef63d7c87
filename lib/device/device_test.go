package device

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// plugin returns a choice that can start now, or skips.
func plugin(t *testing.T) Choice {
	t.Helper()
	c := Plan()
	if !strings.HasPrefix(c.Kind, "xla:") || c.Missing != "" {
		t.Skipf("needs an installed XLA plugin: %s; %s", c.Missing, c.Remedy)
	}
	return c
}

func TestOpenRunsGraph(t *testing.T) {
	plugin(t)
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open()
	if again != d || err != nil {
		t.Error("the second Open returned another device")
	}
	if d.Devices < 1 || d.Version == "" || d.Plugin == "" || d.Notice != "" {
		t.Errorf("incomplete: %+v", d)
	}
	if !strings.Contains(d.String(), "XLA on ") {
		t.Errorf("String() is %q", d)
	}
	wantDot(t, d)
}

func wantDot(t *testing.T, d *Device) {
	t.Helper()
	exec, err := graph.NewExec(d.Backend, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(graph.MatMul(x, x)) })
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Exec([][]float32{{1, 2}, {3, 4}}) // squared: 7 10 / 15 22
	if err != nil {
		t.Fatal(err)
	}
	if got := out[0].Value().(float32); got != 54 {
		t.Errorf("sum of the squared matrix is %v, want 54", got)
	}
}

// What a cell prints comes through stdout: a notice on stderr may come below it.
func TestACellHasNoticesWhereItPrints(t *testing.T) {
	for pipe, want := range map[string]*os.File{"": os.Stderr, "/tmp/pipe": os.Stdout} {
		h := host{getenv: func(string) string { return pipe }}
		if h.log() != want {
			t.Errorf("%s=%q: notices go elsewhere", inCell, pipe)
		}
	}
}

func TestPureGoRunsGraph(t *testing.T) {
	d, err := load(pureGo("a test asks for it", ""))
	if err != nil {
		t.Fatal(err)
	}
	if d.Kind != "go" || !strings.Contains(d.Notice, "a test asks for it") {
		t.Errorf("got %+v", d)
	}
	wantDot(t, d)
}

func TestUnknownBackendIsAnError(t *testing.T) {
	if _, err := load(Choice{Kind: "nonsense", Config: "nonsense:1"}); err == nil {
		t.Error("no error")
	}
}

func TestUserFlagsAreKept(t *testing.T) {
	for _, users := range []string{"", "--xla_cpu_enable_fast_min_max=true"} {
		t.Setenv(flagsVariable, users) // set to empty is the user's choice too
		restore := setFlags("--ours")
		if got := os.Getenv(flagsVariable); got != users {
			t.Errorf("user's flags %q became %q", users, got)
		}
		restore()
		if got, set := os.LookupEnv(flagsVariable); got != users || !set {
			t.Errorf("user's flags %q are %q after loading", users, got)
		}
	}
	os.Unsetenv(flagsVariable) // t.Setenv above restores it
	restore := setFlags("--ours")
	if got := os.Getenv(flagsVariable); got != "--ours" {
		t.Errorf("default flags not set: %q", got)
	}
	restore()
	if got, set := os.LookupEnv(flagsVariable); set {
		t.Errorf("default flags stay in the environment: %q", got)
	}
}

// helperFlags compiles a graph with flags that were set only while the plugin was loaded.
func helperFlags() {
	os.Unsetenv(flagsVariable)
	restore := setFlags("--xla_dump_to=" + os.Getenv("DUMP"))
	d, err := load(Plan())
	if err != nil {
		panic(err)
	}
	restore()
	graph.MustNewExec(d.Backend, func(x *graph.Node) *graph.Node { return graph.Exp(x) }).MustExec(float32(1))
	os.Exit(0)
}

func TestFlagsReachThePlugin(t *testing.T) {
	if c := plugin(t); c.Kind != "xla:cpu" {
		t.Skipf("needs XLA's CPU plugin, this is %s", c.Kind)
	}
	dump := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"=flags", "DUMP="+dump)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if files, _ := filepath.Glob(filepath.Join(dump, "*")); len(files) == 0 {
		t.Error("--xla_dump_to wrote nothing: flags set from Go do not reach the plugin")
	}
}

func TestPluginBelowFolderNamedNvidia(t *testing.T) {
	c := plugin(t)
	if c.Kind != "xla:cpu" {
		t.Skipf("needs XLA's CPU plugin, this is %s", c.Kind)
	}
	folder := filepath.Join(t.TempDir(), "nvidia,cuda")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "pjrt_c_api_cpu_plugin.so")
	if err := os.Symlink(c.Plugin, path); err != nil {
		t.Skip("needs symbolic links:", err)
	}
	d, err := load(Choice{Kind: "xla:cpu", Config: "xla:" + path, Plugin: path})
	if err != nil {
		t.Fatal(err)
	}
	if d.Plugin != path {
		t.Errorf("plugin is shown as %s, want %s", d.Plugin, path)
	}
	wantDot(t, d)
}

func TestDamagedPluginIsAnError(t *testing.T) {
	if !haveXLA {
		t.Skip("needs a program built with XLA")
	}
	path := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(path, bytes.Repeat([]byte{1}, 1000), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := load(Choice{Kind: "xla:cpu", Config: "xla:" + path, Plugin: path}); err == nil {
		t.Error("no error")
	}
}
