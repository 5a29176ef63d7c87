package weights

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
)

const (
	safetensorsFile  = "model.safetensors" // what transformers and timm call a checkpoint in a folder
	safetensorsIndex = safetensorsFile + ".index.json"
)

// inFolder finds the checkpoint in a folder, as transformers does: a whole one before one in shards.
func inFolder(folder string) (string, error) {
	for _, name := range []string{safetensorsFile, safetensorsIndex} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", fmt.Errorf("%s is a folder without %s and %s; give the .h5, .keras or .safetensors file in it",
		folder, safetensorsFile, safetensorsIndex)
}

// InFolder reports whether a folder holds a checkpoint in safetensors, as Open finds it.
func InFolder(folder string) bool {
	_, err := inFolder(folder)
	return err == nil
}

// readIndex reads a checkpoint in shards by its index, whose weight_map says which shard of the folder has a tensor.
func (c *Checkpoint) readIndex(r io.ReaderAt, size int64, folder string) error {
	if size > maxHeader {
		return fmt.Errorf("it is JSON of %d bytes, more than an index of shards can have", size)
	}
	text := make([]byte, size)
	if err := readFull(r, text, 0); err != nil {
		return err
	}
	shards, err := parseIndex(text)
	if err != nil {
		return cmp.Or(foreignJSON(text), err)
	}
	if folder == "" {
		return errors.New("it is the index of a checkpoint in shards, which are files of their own; open it by its path")
	}
	names := slices.Sorted(maps.Keys(shards))
	var missing []string
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(folder, name)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return fmt.Errorf("%d of the %d shards that it names are missing in its folder: %s; get them, too",
			len(missing), len(names), strings.Join(missing, ", "))
	}
	modules := newModules()
	for _, name := range names {
		if err := modules.readShard(filepath.Join(folder, name), shards[name]); err != nil {
			return fmt.Errorf("shard %s: %w", name, err)
		}
	}
	modules.fill(c)
	return nil
}

// parseIndex returns the names of the tensors in each shard.
func parseIndex(text []byte) (map[string][]string, error) {
	d, err := decodeJSON(text)
	if err != nil {
		return nil, err
	}
	var shards map[string][]string
	err = eachMember(d, func(field string) error {
		if field != "weight_map" {
			return skipValue(d)
		}
		shards = map[string][]string{}
		return parseWeightMap(d, shards)
	})
	if err == nil && shards == nil {
		err = fmt.Errorf("it is JSON, not weights; of weights that were split into shards, only those with a weight_map "+
			"(%s) are supported, save Keras's (model.weights.json) without max_shard_size", safetensorsIndex)
	}
	return shards, err
}

func parseWeightMap(d *json.Decoder, shards map[string][]string) error {
	err := eachMember(d, func(tensor string) error {
		shard, err := parseString(d)
		if err != nil {
			return fmt.Errorf("%q: %w", tensor, err)
		}
		if shard == "." || !filepath.IsLocal(shard) || strings.ContainsAny(shard, `/\:`) {
			return fmt.Errorf("%q is said to be in %q, which is no file name in the folder of the index; "+
				"it is damaged or hostile", tensor, shard)
		}
		shards[shard] = append(shards[shard], tensor)
		return nil
	})
	if err != nil {
		return fmt.Errorf("its weight_map: %w", err)
	}
	return nil
}

// readShard reads a file that must have exactly the promised tensors.
func (m *modules) readShard(path string, promised []string) error {
	f, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	tensors, err := readHeader(f, info.Size())
	if err != nil {
		return err
	}
	lacking := map[string]bool{}
	for _, name := range promised {
		lacking[name] = true
	}
	var unlisted []string
	for _, t := range tensors {
		if !lacking[t.name] {
			unlisted = append(unlisted, t.name)
		}
		delete(lacking, t.name)
	}
	if len(lacking) > 0 {
		return fmt.Errorf("it lacks what the index promises: %s; get index and shards from one version of the checkpoint",
			list(slices.Sorted(maps.Keys(lacking))))
	}
	if unlisted != nil {
		return fmt.Errorf("it has what the index does not say: %s; get index and shards from one version of the checkpoint",
			list(unlisted))
	}
	return m.read(f, tensors)
}
