package lesson

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/notebook"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/record"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Study measures each case and gives the results in the order of the cases. Each result is kept in the folder
// runs/studies/NAME as soon as it is there: a study that was interrupted goes on with the next case, and a later cell that
// asks for the same results has them at once, with the notices and the origin they were measured with.
//
// What is kept belongs to the images of Data, to config and to the case, both as JSON: together they must say all that
// the result depends on, such as the source of the weights, epochs and rates. What measure does cannot be seen: name the
// study otherwise when that changes. Results must have a JSON form, with all that is needed in exported fields. Trainings
// with a run folder resume by themselves and need no Study.
func Study[C, R any](name string, config any, cases []C, measure func(C) R) []R {
	results, err := study(filepath.Join(files.ModuleRoot(), "runs", "studies", Run(name)), config, cases, measure)
	if err != nil {
		notebook.Fail(fmt.Errorf("study %s: %w", name, err))
	}
	return results
}

// taken are the studies of which this program has said that their results were there.
var taken = map[string]bool{}

// kept is what a study's folder holds of a case.
type kept struct {
	Checksum string          `json:"checksum"` // see files.Seal; "" in files of earlier versions
	Key      json.RawMessage `json:"key"`
	Result   json.RawMessage `json:"result"`
	Origin   record.Origin   `json:"origin"`
}

func study[C, R any](folder string, config any, cases []C, measure func(C) R) ([]R, error) {
	data := Data()
	train, err := images.Hash(data.Train, 0)
	if err != nil {
		return nil, err
	}
	validation, err := images.Hash(data.Validation, 0)
	if err != nil {
		return nil, err
	}
	hash := train + validation
	watch, phase, old := notebook.Watch(), "study "+filepath.Base(folder), 0
	results := make([]R, len(cases))
	for i, c := range cases {
		key, err := json.Marshal([]any{hash, config, c})
		if err != nil {
			return nil, fmt.Errorf("case %d: %w", i, err)
		}
		path := filepath.Join(folder, fmt.Sprintf("%.12x.json", sha256.Sum256(key)))
		k, err := readKept(path)
		if errors.Is(err, fs.ErrNotExist) {
			watch(result.Progress{Phase: phase, Done: i, Total: len(cases), Kept: true})
			k, err = keepResult(path, key, measure(c))
		} else {
			old++
			notice.Tell(k.Origin.Notice)
			record.Tell(k.Origin)
		}
		if err == nil {
			err = json.Unmarshal(k.Result, &results[i])
		}
		if err != nil {
			return nil, fmt.Errorf("case %d, %s: %w", i, path, err)
		}
	}
	if old < len(cases) {
		end := result.Progress{Phase: phase, Done: len(cases), Total: len(cases), Kept: true}
		watch(end)
		end.Finished = true
		watch(end)
	}
	if name := filepath.Base(folder); old > 0 && !taken[name] { // a cell may ask for a study many times, some cases at a time
		taken[name] = true
		fmt.Printf("study %s: results that were there already are taken from runs/studies/%s\n", name, name)
	}
	return results, nil
}

func readKept(path string) (k kept, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		if err = json.Unmarshal(text, &k); err == nil {
			err = files.CheckSeal(text, k.Checksum)
		}
		if err != nil {
			err = fmt.Errorf("%w: it is damaged, remove it", err)
		}
	}
	return k, err
}

func keepResult(path string, key []byte, of any) (kept, error) {
	raw, err := json.Marshal(of)
	if err != nil {
		return kept{}, err
	}
	k := kept{Key: key, Result: raw, Origin: origin()}
	text, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		return k, err
	}
	return k, files.WriteFile(path, files.Seal(append(text, '\n')))
}
