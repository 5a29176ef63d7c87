package images

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// tree is a data set as file contents by slash-separated path.
type tree map[string][]byte

// smallTree has classes a and b, three training and two validation images each.
func smallTree(t testing.TB) tree {
	t.Helper()
	files := tree{}
	for c, class := range []string{"a", "b"} {
		for i := range 5 {
			split := "train"
			if i >= 3 {
				split = "validation"
			}
			files[fmt.Sprintf("NEU-DET/%s/images/%s/%s_%d.jpg", split, class, class, i+9)] = greyJPEG(t, 16+c, 3*i+c+1)
			files[fmt.Sprintf("NEU-DET/%s/annotations/%s_%d.xml", split, class, i+9)] = []byte("<annotation/>")
		}
	}
	return files
}

// ownCache keeps a test from reading and writing the user's cache.
func ownCache(t testing.TB) string {
	t.Helper()
	cache := t.TempDir()
	t.Setenv("DEFECTS_CACHE", cache)
	return cache
}

func (files tree) folder(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func (files tree) archive(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(files[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (files tree) zip(t testing.TB) string {
	t.Helper()
	return zipOnDisk(t, files.archive(t))
}

func hashOf(t testing.TB, s Source) string {
	t.Helper()
	hash, err := Hash(s, 32)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func zipOnDisk(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "data.zip")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFolderItsParentAndZipAreTheSameData(t *testing.T) {
	ownCache(t)
	files := smallTree(t)
	// What file managers and archivers leave behind is not part of the data.
	files["NEU-DET/train/images/a/.DS_Store"] = []byte("x")
	files["NEU-DET/train/images/a/Thumbs.db"] = []byte("x")
	files["__MACOSX/NEU-DET/train/images/a/._a_9.jpg"] = []byte("x")
	root := files.folder(t)
	var hashes []string
	for _, source := range []string{root, filepath.Join(root, "NEU-DET"), files.zip(t)} {
		d, err := Open(source)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.Classes, []string{"a", "b"}) || d.Synthetic || d.Notice != "" {
			t.Errorf("%s: classes %v, synthetic %v, notice %q", source, d.Classes, d.Synthetic, d.Notice)
		}
		if got := d.Train.Counts(); !slices.Equal(got, []int{3, 3}) {
			t.Errorf("%s: %v training images per class", source, got)
		}
		if got := d.Validation.Labels(); !slices.Equal(got, []int{0, 0, 1, 1}) {
			t.Errorf("%s: validation labels %v", source, got)
		}
		if !strings.Contains(d.Train.Images[0].Name, filepath.Base(source)) {
			t.Errorf("%s: path of an image is %s", source, d.Train.Images[0].Name)
		}
		hashes = append(hashes, hashOf(t, d.Train)+hashOf(t, d.Validation))
	}
	if hashes[0] != hashes[1] || hashes[0] != hashes[2] {
		t.Errorf("hashes differ: %v", hashes)
	}
}

// Keras sorts file names as strings: a_10 stands before a_9.
func TestFilesAreInKerasOrder(t *testing.T) {
	ownCache(t)
	d, err := Open(smallTree(t).zip(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range d.Train.Images {
		names = append(names, filepath.Base(f.Name))
	}
	want := []string{"a_10.jpg", "a_11.jpg", "a_9.jpg", "b_10.jpg", "b_11.jpg", "b_9.jpg"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestHashFollowsContentClassAndName(t *testing.T) {
	ownCache(t)
	hash := func(change func(tree)) string {
		files := smallTree(t)
		change(files)
		d, err := Open(files.folder(t))
		if err != nil {
			t.Fatal(err)
		}
		return hashOf(t, d.Train)
	}
	const first = "NEU-DET/train/images/a/a_9.jpg"
	same := hash(func(tree) {})
	if hash(func(f tree) { f["NEU-DET/validation/images/a/a_99.jpg"] = f[first] }) != same {
		t.Error("the hash of one split changes with the other split")
	}
	for what, change := range map[string]func(tree){
		"content": func(f tree) { f[first] = greyJPEG(t, 16, 77) },
		"name":    func(f tree) { f["NEU-DET/train/images/a/a_8.jpg"] = f[first]; delete(f, first) },
		"class":   func(f tree) { f["NEU-DET/train/images/b/x.jpg"] = f[first]; delete(f, first) },
	} {
		if hash(change) == same {
			t.Errorf("another %s, the same hash", what)
		}
	}
}

func TestSubsetTakesTheFirstOfEachClass(t *testing.T) {
	ownCache(t)
	d, err := Open(smallTree(t).zip(t))
	if err != nil {
		t.Fatal(err)
	}
	s := d.Train.Subset(2)
	if !slices.Equal(s.Counts(), []int{2, 2}) || s.Images[0].Name != d.Train.Images[0].Name || s.Images[2].Name != d.Train.Images[3].Name {
		t.Errorf("subset %v", s)
	}
	if all := d.Train.Subset(10); hashOf(t, all) != hashOf(t, d.Train) {
		t.Error("a subset that takes all differs from the split")
	}
	if hashOf(t, s) == hashOf(t, d.Train) {
		t.Error("a subset has the hash of the whole")
	}
}

func TestWithoutAClassNobodyKnowsIt(t *testing.T) {
	s := &Set{Name: "train", Classes: []string{"a", "b", "c"}, Notice: "drawn", Images: []Image{
		{Name: "a1", Label: 0}, {Name: "b1", Label: 1}, {Name: "c1", Label: 2}, {Name: "b2", Label: 1}, {Name: "?", Label: -1}}}
	known, unknown, err := s.Without("b")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(known.Classes, []string{"a", "c"}) || !slices.Equal(known.Labels(), []int{0, 1, -1}) || known.Notice != "drawn" ||
		known.Images[1].Name != "c1" {
		t.Errorf("known %+v", known)
	}
	if unknown.Classes != nil || !slices.Equal(unknown.Labels(), []int{-1, -1}) || unknown.Images[1].Name != "b2" || unknown.Notice != "drawn" {
		t.Errorf("unknown %+v", unknown)
	}
	if !slices.Equal(s.Labels(), []int{0, 1, 2, 1, -1}) || len(s.Classes) != 3 {
		t.Errorf("the set itself has changed: %+v", s)
	}
	if _, _, err := s.Without("d"); err == nil || !strings.Contains(err.Error(), `"a" "b" "c"`) {
		t.Errorf("got %v", err)
	}
}

func TestStringTellsCountsAndNotice(t *testing.T) {
	ownCache(t)
	files := smallTree(t)
	delete(files, "NEU-DET/train/images/b/b_9.jpg")
	files["NEU-DET/SYNTHETIC"] = nil
	for _, source := range []string{files.folder(t), files.zip(t)} {
		d, err := Open(source)
		if err != nil {
			t.Fatal(err)
		}
		if !d.Synthetic || d.Notice != "synthetic images (procedural), not NEU-DET" {
			t.Errorf("%s: synthetic %v, notice %q", source, d.Synthetic, d.Notice)
		}
		want := "source: " + source + "\nnotice: synthetic images (procedural), not NEU-DET\nclasses: a, b\n" +
			"train: found 5 files belonging to 2 classes (a 3, b 2)\nvalidation: found 4 files belonging to 2 classes (2 each)\n"
		if got := d.String(); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

func TestSubstitutesAreAnnounced(t *testing.T) {
	ownCache(t)
	files := smallTree(t)
	files["NEU-DET/SYNTHETIC"] = nil
	if _, err := Open(files.zip(t)); err != nil {
		t.Fatal(err)
	}
	if told := notice.Told(); !slices.Contains(told, SyntheticNotice) {
		t.Errorf("announced: %q", told)
	}
}

// The marker may also lie beside NEU-DET.
func TestMarkerBesideTheFolderCounts(t *testing.T) {
	ownCache(t)
	files := smallTree(t)
	files["SYNTHETIC"] = nil
	for _, source := range []string{files.folder(t), files.zip(t)} {
		if d, err := Open(source); err != nil || !d.Synthetic {
			t.Errorf("%s: %+v, %v", source, d, err)
		}
	}
}

func TestCheckedContentIsRememberedByHash(t *testing.T) {
	cache := ownCache(t)
	files := smallTree(t)
	for range 2 {
		if _, err := Open(files.folder(t)); err != nil {
			t.Fatal(err)
		}
	}
	records, _ := filepath.Glob(filepath.Join(cache, "decodable", "*"))
	if len(records) != 1 {
		t.Fatalf("records: %v", records)
	}
	// Same name and same length, other content.
	const image = "NEU-DET/train/images/a/a_9.jpg"
	files[image] = bytes.Clone(files[image])
	files[image][len(files[image])-1] = 0
	if _, err := Open(files.folder(t)); err == nil || !strings.Contains(err.Error(), "a_9.jpg: is a truncated") {
		t.Error(err)
	}
	if again, _ := filepath.Glob(filepath.Join(cache, "decodable", "*")); len(again) != 1 {
		t.Errorf("bad content was recorded: %v", again)
	}
}

func TestCacheThatCannotBeWrittenIsNoError(t *testing.T) {
	cache := ownCache(t)
	os.WriteFile(filepath.Join(cache, "decodable"), []byte("a file in the way"), 0o644)
	if _, err := Open(smallTree(t).zip(t)); err != nil {
		t.Error(err)
	}
}
