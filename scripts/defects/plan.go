package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/scripts/internal/spelling"
)

// task is one training of a plan.
type task struct {
	name     string            // all of its settings, so that a plan that grows keeps the names
	settings map[string]string // of the plan, without network, seed and folds
	network  string
	seed     string
	fold     int // from 1; 0 if there are no folds
	folds    int
}

// setting is a key of a plan and its values, which are crossed with those of the others.
type setting struct {
	key    string
	values []string
	line   int
}

// maxTasks is more than anybody waits for.
const maxTasks = 100_000

// readPlan reads a plan, a JSON object. Its keys are network, folds, and the options of train with _ for -; each has a
// value or a list of values. All combinations are trained, those of the last key next to each other.
func readPlan(path string) ([]*task, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	settings, line, err := parsePlan(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, line, err)
	}
	tasks := []*task{{settings: map[string]string{}, seed: defaultSeed()}}
	for _, s := range settings {
		if len(tasks)*len(s.values) > maxTasks {
			return nil, fmt.Errorf("%s: these are more than %d trainings: give fewer values", path, maxTasks)
		}
		var all []*task
		for _, t := range tasks {
			for _, v := range s.values {
				all = append(all, t.with(s.key, v))
			}
		}
		tasks = all
	}
	names := map[string]bool{}
	for _, t := range tasks {
		t.name = t.describe()
		if t.network == "" {
			return nil, fmt.Errorf("%s: network is missing: give one or more of %s", path, strings.Join(backbone.Names(), ", "))
		}
		if _, err := t.recipe(io.Discard); err != nil {
			return nil, fmt.Errorf("%s: training %s: %v", path, t.name, err) // not a wrong use of sweep
		}
		folder := strings.ToLower(t.name) // as some file systems have it
		if names[folder] {
			return nil, fmt.Errorf("%s: two trainings would be called %s: give each value once, and files different names", path, t.name)
		}
		names[folder] = true
	}
	return tasks, nil
}

// defaultSeed is that of train. It stands in names, so that a plan which says it later means the same trainings.
func defaultSeed() string {
	return strconv.FormatInt(newCall("train", nil, io.Discard).recipe().seed, 10)
}

// planName is the file in the folder of a sweep that lists the trainings of the last plan.
const planName = ".plan.json"

// keepPlan tells table what there is to be.
func keepPlan(folder string, tasks []*task) error {
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = t.name
	}
	text, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return files.WriteFile(filepath.Join(folder, planName), text)
}

// plannedIn reads what keepPlan has written, nothing if there is none.
func plannedIn(folder string) (names []string, err error) {
	text, err := os.ReadFile(filepath.Join(folder, planName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &names)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: run the sweep again", filepath.Join(folder, planName), err)
	}
	return names, nil
}

// parsePlan gives the settings in the order of the text, and of an error the line.
func parsePlan(text []byte) (settings []setting, line int, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	at := func() int { return 1 + bytes.Count(text[:d.InputOffset()], []byte("\n")) }
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, at(), errors.New(`a plan is a JSON object, such as {"network": "mobilenetv2", "seed": [1, 2, 3]}`)
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, at(), err
		}
		s := setting{key: token.(string), line: at()}
		if slices.ContainsFunc(settings, func(other setting) bool { return other.key == s.key }) {
			return nil, s.line, fmt.Errorf("%q is there twice", s.key)
		}
		if known := planKeys(); !slices.Contains(known, s.key) {
			meant := "."
			if name := spelling.Nearest(s.key, known); name != "" {
				meant = fmt.Sprintf(": did you mean %q?", name)
			}
			return nil, s.line, fmt.Errorf("there is no setting %q%s There are %s", s.key, meant, strings.Join(known, ", "))
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, at(), err
		}
		if s.values, err = valuesOf(s.key, value); err != nil {
			return nil, s.line, err
		}
		settings = append(settings, s)
	}
	if _, err := d.Token(); err != nil {
		return nil, at(), errors.New("the plan ends too early: a } is missing")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, at(), errors.New("after the plan there is more")
	}
	return settings, 0, nil
}

// planKeys lists what a plan may set.
func planKeys() []string {
	c := newCall("train", nil, io.Discard)
	c.recipe()
	keys := []string{"network", "folds"}
	c.flags.VisitAll(func(f *flag.Flag) {
		if f.Name != "json" {
			keys = append(keys, strings.ReplaceAll(f.Name, "-", "_"))
		}
	})
	return keys
}

// valuesOf gives a value, or those of a list, as options take them.
func valuesOf(key string, value any) ([]string, error) {
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	if key == "folds" {
		return foldsOf(value)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%q: the list is empty: give values, or leave it out", key)
	}
	var texts []string
	for _, v := range list {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case json.Number:
			text := v.String()
			if _, err := v.Int64(); err != nil { // 0.001 and 1e-3 are one value
				f, err := v.Float64()
				if err != nil {
					return nil, fmt.Errorf("%q: %s is no number that a training can have", key, text)
				}
				text = strconv.FormatFloat(f, 'g', -1, 64)
			}
			texts = append(texts, text)
		default:
			return nil, fmt.Errorf("%q: a value is a number or a text, not %v", key, v)
		}
	}
	return texts, nil
}

// foldsOf gives each fold of k-fold cross-validation.
func foldsOf(value any) ([]string, error) {
	number, _ := value.(json.Number)
	k, err := number.Int64()
	if err != nil || k < 2 || k > 1000 {
		return nil, fmt.Errorf(`"folds": give one number from 2 on: all folds are trained`)
	}
	var texts []string
	for i := range k {
		texts = append(texts, fmt.Sprintf("%dof%d", i+1, k))
	}
	return texts, nil
}

// with is the task with one more setting.
func (t *task) with(key, value string) *task {
	more := *t
	switch key {
	case "network":
		more.network = value
	case "seed":
		more.seed = value
	case "folds":
		fmt.Sscanf(value, "%dof%d", &more.fold, &more.folds)
	default:
		more.settings = map[string]string{key: value}
		for k, v := range t.settings {
			more.settings[k] = v
		}
	}
	return &more
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9.,=+_-]+`)

// describe names a task by its settings.
func (t *task) describe() string {
	name := t.network
	for _, key := range planKeys() {
		if value, ok := t.settings[key]; ok {
			name += "-" + key + "=" + filepath.Base(value)
		}
	}
	if t.folds > 0 {
		name += fmt.Sprintf("-fold=%dof%d", t.fold, t.folds)
	}
	name += "-seed=" + t.seed
	return notInNames.ReplaceAllString(name, "_")
}

// recipe reads the settings as train reads its options.
func (t *task) recipe(stderr io.Writer) (*recipe, error) {
	var args []string
	for key, value := range t.settings {
		args = append(args, "--"+strings.ReplaceAll(key, "_", "-")+"="+value)
	}
	slices.Sort(args)
	args = append(args, "--seed="+t.seed)
	c := newCall("train", args, stderr)
	r := c.recipe()
	_, err := c.parse(0, 0, "")
	if err == nil {
		err = r.check()
	}
	if err == nil {
		_, err = r.variant.config(t.network)
	}
	return r, err
}
