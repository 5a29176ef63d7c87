package weights

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// kerasMembers are the members of an archive that Keras wrote, by name.
func kerasMembers(t testing.TB) map[string][]byte {
	t.Helper()
	members := map[string][]byte{}
	for _, f := range golden.Unzip(t, "testdata/keras3_archive.keras") {
		members[f.Name] = f.Content
	}
	return members
}

// pack makes a zip of the members that are not nil, then of what more adds.
func pack(t testing.TB, members map[string][]byte, method uint16, more func(*zip.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{metadataMember, configMember, weightsMember} {
		if members[name] != nil {
			addMember(z, &zip.FileHeader{Name: name, Method: method}, members[name])
		}
	}
	if more != nil {
		more(z)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addMember(z *zip.Writer, h *zip.FileHeader, data []byte) {
	w, err := z.CreateHeader(h)
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		panic(err)
	}
}

// addRaw adds a member that claims to unpack to size bytes.
func addRaw(z *zip.Writer, h zip.FileHeader, data []byte, size uint64) {
	h.CompressedSize64, h.UncompressedSize64 = uint64(len(data)), size
	w, err := z.CreateRaw(&h)
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		panic(err)
	}
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	addMember(z, &zip.FileHeader{Name: "a", Method: zip.Deflate}, data)
	z.Close()
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		panic(err)
	}
	raw, err := r.File[0].OpenRaw()
	if err != nil {
		panic(err)
	}
	data, _ = io.ReadAll(raw)
	return data
}

func readBytes(b []byte) (*Checkpoint, error) {
	return Read(bytes.NewReader(b), int64(len(b)), "a.keras")
}

func TestArchivePackedAnewReads(t *testing.T) {
	want, err := Open("testdata/keras3_archive.keras")
	if err != nil {
		t.Fatal(err)
	}
	assets := func(z *zip.Writer) {
		addMember(z, &zip.FileHeader{Name: "assets/"}, nil)
		addMember(z, &zip.FileHeader{Name: "assets/layers/vocabulary.txt"}, []byte("a"))
	}
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		got, err := readBytes(pack(t, kerasMembers(t), method, assets))
		if err != nil {
			t.Fatal(err)
		}
		equalLayers(t, got.Layers, want.Layers)
	}
}

func TestPicklesOfPyTorchAreRefused(t *testing.T) {
	zipped := pack(t, nil, zip.Store, func(z *zip.Writer) {
		addMember(z, &zip.FileHeader{Name: "pytorch_model/data.pkl"}, []byte("\x80\x02}."))
	})
	for name, file := range map[string][]byte{"model.pt": zipped, "old.bin": []byte("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")} {
		_, err := Read(bytes.NewReader(file), int64(len(file)), name)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "take model.safetensors") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileArchivesGiveErrors(t *testing.T) {
	whole := kerasMembers(t)
	without := func(names ...string) map[string][]byte {
		rest := map[string][]byte{}
		for name, data := range whole {
			if !slices.Contains(names, name) {
				rest[name] = data
			}
		}
		return rest
	}
	with := func(name string, data []byte) map[string][]byte {
		members := without(name)
		members[name] = data
		return members
	}
	legacy, err := os.ReadFile("testdata/keras3_weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	member := func(name string, data []byte) func(*zip.Writer) {
		return func(z *zip.Writer) { addMember(z, &zip.FileHeader{Name: name}, data) }
	}
	raw := func(h zip.FileHeader, data []byte, size uint64) func(*zip.Writer) {
		return func(z *zip.Writer) { addRaw(z, h, data, size) }
	}
	storedWeights := zip.FileHeader{Name: weightsMember, Method: zip.Store}
	deflatedWeights := zip.FileHeader{Name: weightsMember, Method: zip.Deflate}
	lacking := func(name string, more func(*zip.Writer)) []byte { return pack(t, without(name), zip.Store, more) }
	other := func(name string, data []byte) []byte { return pack(t, with(name, data), zip.Store, nil) }
	zeros := make([]byte, 32<<20)
	bomb, small := deflated(zeros), deflated(zeros[:1000])
	weights := whole[weightsMember]
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"no member": {pack(t, nil, 0, nil), "no whole .keras archive"},
		"other members": {
			pack(t, nil, 0, member("a", nil)), "no config.json and no metadata.json and no model.weights.h5"},
		"no configuration": {lacking(configMember, nil), "it has no config.json"},
		"no metadata":      {lacking(metadataMember, nil), "it has no metadata.json"},
		"no weights":       {lacking(weightsMember, nil), "it has no model.weights.h5"},
		"sharded":          {lacking(weightsMember, member("model.weights.json", nil)), "are in model.weights.json"},
		"NumPy":            {lacking(weightsMember, member("model.weights.npz", nil)), "are in model.weights.npz"},
		"twice":            {pack(t, whole, 0, member(configMember, nil)), `two members named "config.json"`},
		"twice, as folder": {pack(t, whole, 0, member(configMember+"/", nil)), `two members named "config.json/"`},
		"encrypted":        {lacking(configMember, raw(zip.FileHeader{Name: configMember, Flags: 1}, nil, 0)), "encrypted"},
		"unknown method": {
			lacking(weightsMember, raw(zip.FileHeader{Name: weightsMember, Method: 99}, []byte("x"), 1)),
			"model.weights.h5: zip: unsupported"},
		"broken JSON":       {other(configMember, []byte("{")), "config.json: it is not JSON"},
		"metadata, a list":  {other(metadataMember, []byte("[]")), "metadata.json: json: cannot unmarshal array"},
		"legacy weights":    {other(weightsMember, legacy), "put together wrongly"},
		"text as weights":   {other(weightsMember, []byte("text")), "model.weights.h5: hdf5: the file is truncated"},
		"config bomb":       {pack(t, with(configMember, zeros), zip.Deflate, nil), "config.json: "},
		"weights bomb":      {pack(t, with(weightsMember, zeros), zip.Deflate, nil), "model.weights.h5: "},
		"claims a terabyte": {lacking(weightsMember, raw(deflatedWeights, bomb, 1<<40)), "claim to unpack to 1099511627776"},
		"claims little":     {lacking(weightsMember, raw(deflatedWeights, bomb, 1000)), "does not unpack to the 1000 bytes"},
		"claims more":       {lacking(weightsMember, raw(deflatedWeights, small, 2000)), "does not unpack to the 2000 bytes"},
		"stored, terabytes": {lacking(weightsMember, raw(storedWeights, []byte("x"), 1<<40)), "model.weights.h5: "},
		"stored, short":     {lacking(weightsMember, raw(storedWeights, weights, 100)), "model.weights.h5: "},
		"both sizes lie": {lacking(weightsMember, func(z *zip.Writer) {
			h := deflatedWeights
			h.CompressedSize64, h.UncompressedSize64 = 1<<40, 1<<43
			if _, err := z.CreateRaw(&h); err != nil {
				panic(err)
			}
		}), "claims 1099511627776 bytes of the file's"},
		"another sum": {
			lacking(weightsMember, raw(zip.FileHeader{Name: weightsMember, CRC32: 1}, weights, uint64(len(weights)))),
			"model.weights.h5: zip: checksum error"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := readBytes(c.archive)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
				t.Errorf("it took %d bytes for a file of %d", used, len(c.archive))
			}
		})
	}
	leaving := []string{"../evil", "/etc/passwd", "a/../../b", `..\evil`, `C:\evil`, "C:evil", "a//b", "./a", ""}
	for _, path := range leaving {
		_, err := readBytes(pack(t, whole, 0, member(path, []byte("x"))))
		if err == nil || !strings.Contains(err.Error(), "leaves the archive") {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

// TestSpoiledArchiveIsRefused cuts an archive anywhere, and spoils bytes all over it: what reads is what Keras wrote.
func TestSpoiledArchiveIsRefused(t *testing.T) {
	whole, err := os.ReadFile("testdata/keras3_archive.keras")
	if err != nil {
		t.Fatal(err)
	}
	want, err := readBytes(whole)
	if err != nil {
		t.Fatal(err)
	}
	for n := 4; n < len(whole); n += 97 {
		if _, err := readBytes(whole[:n]); err == nil || !strings.Contains(err.Error(), "get the file again") {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(whole), err)
		}
	}
	refused := 0
	for i := 0; i < len(whole); i += 13 {
		spoiled := bytes.Clone(whole)
		spoiled[i] ^= 0x55
		got, err := readBytes(spoiled)
		if err != nil {
			refused++
			continue
		}
		equalLayers(t, got.Layers, want.Layers)
	}
	if n := len(whole) / 13; refused < n*9/10 {
		t.Errorf("%d of %d spoiled archives were refused", refused, n)
	}
}
