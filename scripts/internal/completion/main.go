// Command completion stands between GoNB and gopls, under the name gopls. GoNB starts it with each kernel and asks
// it for completions and documentation. It starts the real gopls beside the kernel and warms it before the first
// question, gives each cell the imports that it will have when it runs, answers within two seconds, and ends gopls
// with the kernel. GoNB alone would hand over a cell that does not parse yet, and that is any cell in which somebody
// types "model.", without imports: gopls could not know what model is.
//
//	gopls -listen unix;SOCKET    as GoNB calls it; the folder of the socket is the module of the cells
//	gopls -warm MODULE           fills gopls's cache with what a kernel will ask for, and ends
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("completion: ")
	listen := flag.String("listen", "", "")
	warm := flag.String("warm", "", "")
	flag.Parse()
	var err error
	switch {
	case *warm != "":
		err = warmUp(*warm)
	case strings.HasPrefix(*listen, "unix;"):
		err = serve(strings.TrimPrefix(*listen, "unix;"))
	default:
		err = fmt.Errorf("usage: gopls -listen 'unix;SOCKET' | -warm MODULE")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// realGopls is where set-up leaves it: beside the folder of this program, since on the kernel's PATH there is to be
// one gopls.
func realGopls() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(filepath.Dir(self)), "completion", "gopls")
}

// environment is ours, with a folder of settings in which Go's telemetry is off: it would be one more process for each
// kernel. The go command keeps its own settings. Where folders of settings cannot be chosen so, all stays as it is.
func (g *gopls) environment() []string {
	settings := filepath.Join(filepath.Dir(g.path), "config")
	mode := filepath.Join(settings, "go", "telemetry", "mode")
	if _, err := os.Stat(mode); err != nil {
		os.MkdirAll(filepath.Dir(mode), 0o755)
		if os.WriteFile(mode, []byte("off"), 0o644) != nil {
			return os.Environ()
		}
	}
	all := append(os.Environ(), "XDG_CONFIG_HOME="+settings)
	if own, err := os.UserConfigDir(); err == nil && os.Getenv("GOENV") == "" {
		all = append(all, "GOENV="+filepath.Join(own, "go", "env"))
	}
	return all
}

// serve answers GoNB until it hangs up or ends.
func serve(socket string) error {
	parent := os.Getppid()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	defer os.Remove(socket)
	g := newGopls(realGopls(), filepath.Dir(socket))
	defer g.end()
	go func() {
		g.waitForWorkspace(5 * time.Second)
		for pause := time.Second; ; pause = min(2*pause, 10*time.Second) { // gopls may still be being built, or crash
			if !g.running() && g.start() == nil {
				g.warm()
			}
			time.Sleep(pause)
		}
	}()
	ended := make(chan error, 1)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			err = newCells(g).answer(connection)
		}
		ended <- err
	}()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Second):
			if os.Getppid() != parent { // a kernel that was killed before it came to connect
				return nil
			}
		}
	}
}

// warmUp does what a kernel's first completion does, in a module of its own.
func warmUp(module string) error {
	dir, err := os.MkdirTemp("", "completion-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"go.mod":  "module cell\n",
		"go.work": "go 1.26.5\n\nuse (\n\t.\n\t" + module + "\n)\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	g := newGopls(realGopls(), dir)
	defer g.end()
	if err := g.start(); err != nil {
		return err
	}
	return g.warm()
}
