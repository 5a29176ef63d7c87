package weights

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// The members of a .keras archive.
const (
	configMember   = "config.json"
	metadataMember = "metadata.json"
	weightsMember  = "model.weights.h5"
)

// readArchive reads a .keras file, as keras/src/saving/saving_lib.py does, but for its assets (vocabularies), which
// models on images do not have.
func (c *Checkpoint) readArchive(r io.ReaderAt, size int64) error {
	z, err := zip.NewReader(r, size)
	if errors.Is(err, zip.ErrFormat) {
		return errors.New("it starts as a zip file and is none, or its end is cut off; get the file again")
	}
	if err != nil {
		return fmt.Errorf("%w; get the file again", err)
	}
	members, err := findMembers(z, uint64(size))
	if err != nil {
		return err
	}
	if c.Config, err = readJSON(members[configMember]); err != nil {
		return err
	}
	var config struct {
		Training json.RawMessage `json:"compile_config"`
	}
	if json.Unmarshal(c.Config, &config) == nil && string(config.Training) != "null" {
		c.Training = config.Training
	}
	text, err := readJSON(members[metadataMember])
	if err != nil {
		return err
	}
	var metadata map[string]json.RawMessage
	if err := json.Unmarshal(text, &metadata); err != nil {
		return fmt.Errorf("%s: %w", metadataMember, err)
	}
	if extra, ok := metadata[extraName]; ok {
		c.Extra = extra
	}
	weights, weightsSize, err := openWeights(members[weightsMember], r)
	if err != nil {
		return fmt.Errorf("%s: %w", weightsMember, err)
	}
	if err := c.readHDF5(weights, weightsSize); err != nil {
		return fmt.Errorf("%s: %w", weightsMember, err)
	}
	if c.Format != KerasVariables {
		return fmt.Errorf("%s is a file of the kind %q, not %q; the archive was put together wrongly",
			weightsMember, c.Format, KerasVariables)
	}
	return nil
}

// findMembers refuses what no archive of Keras has, and returns the parts that each has.
func findMembers(z *zip.Reader, size uint64) (map[string]*zip.File, error) {
	members := map[string]*zip.File{}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		if !fs.ValidPath(name) || strings.ContainsAny(name, "\\:") {
			return nil, fmt.Errorf("its member %q has a path that leaves the archive; it is damaged or hostile", f.Name)
		}
		if members[name] != nil {
			return nil, fmt.Errorf("it has two members named %q; it is damaged or hostile", f.Name)
		}
		if f.CompressedSize64 > size {
			return nil, fmt.Errorf("its member %q claims %d bytes of the file's %d; it is damaged or hostile",
				f.Name, f.CompressedSize64, size)
		}
		if f.Flags&1 != 0 {
			return nil, fmt.Errorf("its member %q is encrypted, which is not supported", f.Name)
		}
		if path.Base(name) == "data.pkl" {
			return nil, errPickle
		}
		members[name] = f
	}
	for _, other := range []string{"model.weights.json", "model.weights.npz"} {
		if members[other] != nil && members[weightsMember] == nil {
			return nil, fmt.Errorf("its weights are in %s, which is not supported; save the model with "+
				"model.save(\"name.keras\") alone, which writes %s", other, weightsMember)
		}
	}
	var missing []string
	for _, name := range []string{configMember, metadataMember, weightsMember} {
		if members[name] == nil {
			missing = append(missing, name)
		}
	}
	switch {
	case missing == nil:
	case len(z.File) > 0 && !slices.ContainsFunc(z.File, func(f *zip.File) bool { return path.Ext(f.Name) != ".npy" }):
		return nil, errNumPy
	case len(missing) == 3 && slices.ContainsFunc(z.File, holdsModel):
		return nil, errPacked
	default:
		return nil, fmt.Errorf("this zip file is no whole .keras archive: it has no %s", strings.Join(missing, " and no "))
	}
	return members, nil
}

// holdsModel reports whether a member of a zip file is a model of its own.
func holdsModel(f *zip.File) bool {
	return slices.Contains([]string{".h5", ".hdf5", ".keras", ".safetensors", ".onnx", ".pb", ".tflite", ".pt", ".pth"},
		strings.ToLower(path.Ext(f.Name)))
}

// unpack reads a member into memory. Keras does not compress; zip files that people packed anew shrink weights by a
// tenth, and an optimizer's zeros by more, but never as far as the limit here.
func unpack(f *zip.File) ([]byte, error) {
	if limit := 4<<20 + 16*f.CompressedSize64; f.UncompressedSize64 > limit {
		return nil, fmt.Errorf("%d bytes of it claim to unpack to %d, more than weights or text can (%d); it is hostile",
			f.CompressedSize64, f.UncompressedSize64, limit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, f.UncompressedSize64)
	_, err = io.ReadFull(r, b)
	if err == nil {
		_, err = io.Copy(io.Discard, r) // it must end here, and its sum is checked
	}
	if err != nil {
		return nil, fmt.Errorf("it does not unpack to the %d bytes that it claims (%w); it is damaged", len(b), err)
	}
	return b, nil
}

func readJSON(f *zip.File) ([]byte, error) {
	b, err := unpack(f)
	if err == nil && !json.Valid(b) {
		err = errors.New("it is not JSON; the archive is damaged")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return b, nil
}

// openWeights gives access to a member. One that is stored as it is, as Keras does it, is read where it lies.
func openWeights(f *zip.File, archive io.ReaderAt) (io.ReaderAt, int64, error) {
	if f.Method != zip.Store {
		b, err := unpack(f)
		return bytes.NewReader(b), int64(len(b)), err
	}
	r, err := f.Open()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != nil { // checks the size and the sum
		return nil, 0, fmt.Errorf("%w; get the file again", err)
	}
	start, err := f.DataOffset()
	if err != nil {
		return nil, 0, err
	}
	return io.NewSectionReader(archive, start, int64(f.UncompressedSize64)), int64(f.UncompressedSize64), nil
}

// writeArchive writes the members in Keras's order, not compressed.
func writeArchive(w io.Writer, config []byte, metadata map[string]any, variables *hdf5.Tree) error {
	z := zip.NewWriter(w)
	for _, member := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{metadataMember, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			return e.Encode(metadata)
		}},
		{configMember, func(w io.Writer) error { _, err := w.Write(config); return err }},
		{weightsMember, func(w io.Writer) error { return hdf5.Write(w, variables) }},
	} {
		m, err := z.CreateHeader(&zip.FileHeader{Name: member.name, Method: zip.Store})
		if err != nil {
			return err
		}
		if err := member.write(m); err != nil {
			return err
		}
	}
	return z.Close()
}
