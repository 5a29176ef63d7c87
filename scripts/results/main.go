// Command results fills the tables and figures of the project's pages (README.md, figures/README.md, the notebooks' prose)
// from records of runs. It takes the records that notebooks and scripts/bench have left in runs/results to
// figures/results, where they are kept with the pages, and figures of the same names to figures, and writes what they hold between the markers of the pages: see
// fill.
//
//	go run ./scripts/results [NAME...]
//
// Quick runs are never taken, nor records that no page shows. A record made with substitute images or weights does not
// replace one without, unless it is named.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/record"
)

func main() {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "-") {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/results [NAME...]\nTakes the records of runs/results, and fills the pages from all.")
		os.Exit(2)
	}
	if err := run(files.ModuleRoot(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(1)
	}
}

// keptFolder is where the records are that pages show, below the module's root.
const keptFolder = "figures/results"

func run(root string, named []string) error {
	pages, err := open(root)
	if err != nil {
		return err
	}
	if err := take(record.Dir(), filepath.Join(root, keptFolder), pages.shown(), named); err != nil {
		return err
	}
	records, err := readAll(filepath.Join(root, keptFolder))
	if err != nil {
		return err
	}
	var failed []error
	for _, path := range slices.Sorted(maps.Keys(pages)) {
		text, err := pages[path].filled(filler{records, link(path)})
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", path, err))
			continue
		}
		if text == pages[path].text {
			continue
		}
		if err := files.WriteFile(filepath.Join(root, path), []byte(text)); err != nil {
			return err
		}
		fmt.Printf("filled %s: read the sentences around what has changed, too\n", path)
	}
	return errors.Join(failed...)
}

// take copies records that pages show, and the figure of the same name, which goes beside the folder of records.
func take(from, to string, shown, named []string) error {
	fresh, err := readAll(from)
	if err != nil {
		return err
	}
	old, err := readAll(to)
	if err != nil {
		return err
	}
	for _, name := range named {
		if _, found := fresh[name]; !found {
			return fmt.Errorf("there is no %s: run what makes it first", filepath.Join(from, name+".json"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fresh)) {
		r, why := fresh[name], ""
		asked := slices.Contains(named, name)
		switch before, found := old[name]; {
		case len(named) > 0 && !asked:
			continue
		case r.Quick:
			why = "it is of a quick run"
		case !slices.Contains(shown, name):
			why = "no page shows it"
		case found && !asked && notice.Join(before.Notice, r.Notice) != before.Notice:
			why = fmt.Sprintf("it is of %s, that from %s is not; name it to take it", r.Notice, before.Made)
		}
		if why != "" {
			fmt.Printf("left %s: %s\n", name, why)
			continue
		}
		if err := r.Write(to); err != nil {
			return err
		}
		picture, err := os.ReadFile(filepath.Join(from, name+".png"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = files.WriteFile(filepath.Join(filepath.Dir(to), name+".png"), picture)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the records of a folder, by name. A folder that does not exist holds none.
func readAll(folder string) (map[string]record.Record, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	records := map[string]record.Record{}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		r, err := record.Read(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		records[r.Name] = r
	}
	return records, nil
}
