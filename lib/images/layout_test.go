package images

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// images puts n images of classes a and b each into folders such as "train/%s".
func (files tree) images(t testing.TB, folder string, n int) tree {
	t.Helper()
	for c, class := range []string{"a", "b"} {
		for range n {
			k := len(files)
			files[fmt.Sprintf(folder+"/%d.jpg", class, k)] = greyJPEG(t, 16+c, k+1)
		}
	}
	return files
}

// moved puts the tree into a folder.
func (files tree) moved(into string) tree {
	moved := tree{}
	for name, data := range files {
		moved[into+"/"+name] = data
	}
	return moved
}

func (files tree) fs() fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	return fsys
}

// everyWay opens a tree as folder, zip and file system, each as it is and inside another folder.
func everyWay(t *testing.T, files tree, see func(d *Dataset, err error)) {
	t.Helper()
	for _, files := range []tree{files, files.moved("data of mine")} {
		for _, source := range []string{files.folder(t), files.zip(t)} {
			see(Open(source))
		}
		see(OpenFS(files.fs(), "embedded"))
		archive := files.archive(t)
		r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		see(OpenFS(r, "upload.zip"))
	}
}

func TestLayoutsThatPeopleHave(t *testing.T) {
	const fifth = "20 % of the images of each class are drawn for validation, seed 100"
	for _, c := range []struct {
		name                    string
		files                   tree
		train, validation, test int // images of each class; no test images are no test split
		note                    string
	}{
		{"train and val", tree{}.images(t, "train/%s", 3).images(t, "val/%s", 2), 3, 2, 0, ""},
		{"train and valid", tree{}.images(t, "train/%s", 3).images(t, "valid/%s", 2), 3, 2, 0, ""},
		{"all three", tree{}.images(t, "train/%s", 3).images(t, "validation/%s", 2).images(t, "test/%s", 1), 3, 2, 1, ""},
		{"capitals", tree{}.images(t, "Train/%s", 3).images(t, "Val/%s", 2).images(t, "TEST/%s", 1), 3, 2, 1, ""},
		{"NEU-DET's with test", tree{}.images(t, "train/images/%s", 2).images(t, "validation/images/%s", 1).images(t, "test/images/%s", 1),
			2, 1, 1, ""},
		{"classes alone", tree{}.images(t, "%s", 10), 8, 2, 0, fifth},
		{"few of each class", tree{}.images(t, "%s", 2), 1, 1, 0, fifth},
		{"train and test", tree{}.images(t, "train/%s", 5).images(t, "test/%s", 2), 4, 1, 2, fifth},
	} {
		t.Run(c.name, func(t *testing.T) {
			ownCache(t)
			// What lies about without being an image or in a class folder is no matter.
			c.files["README.txt"], c.files["notes/a.xml"] = []byte("x"), []byte("x")
			if c.files["train/a/0.jpg"] != nil {
				c.files["train/labels/1.xml"] = []byte("x")
			}
			var hashes []string
			everyWay(t, c.files, func(d *Dataset, err error) {
				if err != nil {
					t.Error(err)
					return
				}
				if !slices.Equal(d.Classes, []string{"a", "b"}) || d.Note != c.note || d.Notice != "" {
					t.Errorf("%s: classes %v, note %q, notice %q", d.Origin, d.Classes, d.Note, d.Notice)
				}
				if !strings.Contains(d.String(), c.note) {
					t.Error(d)
				}
				sets := []*Set{d.Train, d.Validation}
				if c.test > 0 {
					sets = append(sets, d.Test)
				} else if d.Test != nil {
					t.Errorf("%s: a test split of %d images", d.Origin, d.Test.Len())
				}
				hash := ""
				for i, s := range sets {
					n := []int{c.train, c.validation, c.test}[i]
					if s.Name != splitNames[i] || !slices.Equal(s.Counts(), []int{n, n}) || s.Origin != d.Origin ||
						!slices.IsSorted(s.Labels()) {
						t.Errorf("%s: %v, want %d of each; %+v", d.Origin, s, n, s.About())
					}
					hash += hashOf(t, s)
				}
				if all := d.All(); all.Len() != 2*(c.train+c.validation+c.test) || !slices.IsSorted(all.Labels()) {
					t.Errorf("all: %v", all)
				}
				hashes = append(hashes, hash)
			})
			if len(slices.Compact(hashes)) != 1 {
				t.Errorf("another way to open it gives other data: %v", hashes)
			}
		})
	}
}

func TestUnclearLayoutsAreListed(t *testing.T) {
	for _, c := range []struct {
		name  string
		files tree
		want  []string
	}{
		{"two names of one split", tree{}.images(t, "train/%s", 2).images(t, "val/%s", 1).images(t, "valid/%s", 1),
			[]string{"1 problem", "valid: holds validation images, and so does val: keep one of them"}},
		{"no training images", tree{}.images(t, "val/%s", 2), []string{"train/a: has no images", "train/b: has no images"}},
		{"test lacks a class", tree{"test/a/1.jpg": greyJPEG(t, 9, 9)}.images(t, "train/%s", 2).images(t, "val/%s", 1),
			[]string{"1 problem", "test/b: has no images"}},
		{"test without classes", tree{"test/1.jpg": greyJPEG(t, 9, 9)}.images(t, "train/%s", 2).images(t, "val/%s", 1),
			[]string{"test/1.jpg: is misplaced: move it to test/<class>", "test/a: has no images", "test/b: has no images"}},
		{"one image cannot be divided", tree{"c/1.jpg": greyJPEG(t, 9, 9)}.images(t, "%s", 3),
			[]string{"1 problem", "c: has one image only: one more is needed for validation"}},
		{"images without folders", tree{"1.jpg": greyJPEG(t, 9, 9)}, []string{"1.jpg: is misplaced: move it to <class>", "no images in class folders"}},
		{"image beside classes", tree{"x.jpg": greyJPEG(t, 9, 9)}.images(t, "train/%s", 2).images(t, "val/%s", 1),
			[]string{"1 problem", "x.jpg: is misplaced: move it to train/<class>"}},
		{"text in a class folder", tree{"train/a/notes.txt": nil}.images(t, "train/%s", 2).images(t, "val/%s", 1),
			[]string{"1 problem", "train/a/notes.txt: is misplaced"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ownCache(t)
			for _, source := range []string{c.files.folder(t), c.files.zip(t)} {
				_, err := Open(source)
				var bad *BadDataError
				if !errors.As(err, &bad) {
					t.Fatal(err)
				}
				for _, want := range append(c.want, "expected: {train,validation}/<class>/*.{jpg,png,bmp}") {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("message lacks %q:\n%v", want, err)
					}
				}
			}
		})
	}
}

func TestEmptyClassFolderIsListed(t *testing.T) {
	ownCache(t)
	for _, folders := range []string{"%s", "train/%s"} {
		root := tree{}.images(t, folders, 3).images(t, strings.Replace(folders, "train", "val", 1), 2).folder(t)
		empty := strings.Replace(folders, "%s", "c", 1)
		os.Mkdir(filepath.Join(root, empty), 0o755)
		if _, err := Open(root); err == nil || !strings.Contains(err.Error(), empty+": has no images") {
			t.Error(err)
		}
	}
}

func TestSeveralDataSetsAreToldApart(t *testing.T) {
	ownCache(t)
	files := tree{}
	for _, name := range []string{"first", "second"} {
		maps.Copy(files, tree{}.images(t, "train/%s", 2).images(t, "val/%s", 1).moved(name))
	}
	root := files.folder(t)
	for _, source := range []string{root, files.zip(t)} {
		if _, err := Open(source); err == nil || !strings.Contains(err.Error(), "several data sets, such as first and second: name one") {
			t.Error(err)
		}
	}
	if _, err := Open(filepath.Join(root, "second")); err != nil {
		t.Error(err)
	}
}

// What lies beside the only folder with splits is not even read.
func TestFoldersBesideTheDataCostNothing(t *testing.T) {
	ownCache(t)
	files := smallTree(t)
	files["holiday/x.jpg"] = []byte("no image")
	d, err := Open(files.folder(t))
	if err != nil || d.Train.Len() != 6 {
		t.Error(d, err)
	}
	_, err = Open(files.zip(t)) // an archive has nothing else in it, unless it was packed wrongly
	if err == nil || !strings.Contains(err.Error(), "holiday/x.jpg: is misplaced: it lies outside NEU-DET/") {
		t.Error(err)
	}
}

func TestNamesThatAreNotUTF8AreRefused(t *testing.T) {
	ownCache(t)
	files := tree{"b\xff/1.jpg": greyJPEG(t, 9, 8), "b\xff/2.jpg": greyJPEG(t, 9, 9)}.images(t, "%s", 2)
	sources := []string{files.zip(t)}
	root := t.TempDir()
	if os.Mkdir(filepath.Join(root, "b\xff"), 0o755) == nil { // not every file system has such names
		sources = append(sources, files.folder(t))
	}
	for _, source := range sources {
		if _, err := Open(source); err == nil || !strings.Contains(err.Error(), "has a name that is not UTF-8: rename it") {
			t.Error(err)
		}
	}
}

func TestTheSameImageInTwoClassesIsRefused(t *testing.T) {
	ownCache(t)
	files := tree{}.images(t, "train/%s", 2).images(t, "val/%s", 2)
	files["val/b/x.jpg"] = files["train/a/0.jpg"]
	_, err := Open(files.zip(t))
	if err == nil || !strings.Contains(err.Error(), "val/b/x.jpg: is the same image as train/a/0.jpg: it cannot be both b and a") ||
		!strings.Contains(err.Error(), "1 problem ") {
		t.Error(err)
	}
}

func TestTheSameImageInTwoSplitsIsANotice(t *testing.T) {
	ownCache(t)
	files := tree{}.images(t, "train/%s", 3).images(t, "val/%s", 2).images(t, "test/%s", 1)
	files["train/a/again.jpg"] = files["train/a/0.jpg"] // twice in one split and class: as in NEU-DET
	if d, err := Open(files.zip(t)); err != nil || d.Notice != "" {
		t.Fatal(d, err)
	}
	files["val/a/x.jpg"] = files["train/a/0.jpg"]
	files["test/a/x.jpg"], files["test/a/y.jpg"] = files["train/a/0.jpg"], files["train/a/1.jpg"]
	files["test/b/x.jpg"] = files["val/b/8.jpg"]
	d, err := Open(files.zip(t))
	if err != nil {
		t.Fatal(err)
	}
	want := "1 validation image is also a training image; 2 test images are also training images; 1 test image is also a validation image"
	if d.Notice != want || d.Train.Notice != want || d.Test.About().Notice != want {
		t.Errorf("got  %q\nwant %q", d.Notice, want)
	}
	if other, err := d.Split(0.5, 1); err != nil || d.Test.Notice != want || other.Test.Notice != other.Notice || other.Test == d.Test {
		t.Error("a division changes the one it was made from", other, err)
	}
	files["SYNTHETIC"] = nil
	if d, err := Open(files.zip(t)); err != nil || d.Notice != SyntheticNotice+"; "+want || !d.Synthetic {
		t.Error(d, err)
	}
}

func TestOtherImagesCanBeDrawnForValidation(t *testing.T) {
	ownCache(t)
	d, err := Open(tree{}.images(t, "%s", 10).zip(t))
	if err != nil {
		t.Fatal(err)
	}
	same, err := d.Split(drawnShare, drawnSeed)
	if err != nil || hashOf(t, same.Train) != hashOf(t, d.Train) || hashOf(t, same.Validation) != hashOf(t, d.Validation) {
		t.Error("the same share and seed give another division:", err)
	}
	other, err := d.Split(0.5, 7)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(other.Train.Counts(), []int{5, 5}) || other.Validation.Name != "validation" ||
		!strings.Contains(other.String(), "note: 50 % of the images of each class are drawn for validation, seed 7\n") {
		t.Error(other)
	}
	if hashOf(t, other.All()) != hashOf(t, d.All()) || d.Train.Len() != 16 {
		t.Error("images were lost or changed")
	}
	if _, err := d.Split(1, 7); err == nil || !strings.Contains(err.Error(), "the share is 1") {
		t.Error(err)
	}
}
