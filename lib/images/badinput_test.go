package images

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadInputIsListedInOneError(t *testing.T) {
	const image = "NEU-DET/train/images/a/a_9.jpg"
	cases := []struct {
		name   string
		change func(tree)
		want   []string // all in the one message
	}{
		{"text renamed to .jpg", func(f tree) { f[image] = []byte("hello") },
			[]string{"1 problem with the images", "train/images/a/a_9.jpg: is not a JPEG, PNG or BMP", `"hello"`}},
		{"empty file", func(f tree) { f[image] = nil }, []string{"train/images/a/a_9.jpg: is an empty file"}},
		{"truncated JPEG", func(f tree) { f[image] = f[image][:len(f[image])-2] },
			[]string{"train/images/a/a_9.jpg: is a truncated or damaged JPEG"}},
		{"20,000×20,000 image", func(f tree) { f[image] = claim(t, f[image], 20_000, 20_000) },
			[]string{"train/images/a/a_9.jpg: is too large: 20000×20000 pixels, the limit is 4096×4096"}},
		{"class missing in one split", func(f tree) {
			maps.DeleteFunc(f, func(name string, _ []byte) bool { return strings.HasPrefix(name, "NEU-DET/validation/images/b/") })
		}, []string{"validation/images/b: has no images"}},
		{"split missing", func(f tree) {
			maps.DeleteFunc(f, func(name string, _ []byte) bool { return strings.HasPrefix(name, "NEU-DET/validation/") })
		}, []string{"validation/images/a: has no images", "validation/images/b: has no images"}},
		{"image of another class", func(f tree) { f["NEU-DET/train/images/b/a_77.jpg"] = f[image] },
			[]string{"train/images/b/a_77.jpg: is misplaced: it is named for class a: move it to train/images/a"}},
		{"images outside class folders", func(f tree) {
			for _, name := range []string{"x.jpg", "train/x.jpg", "train/images/x.jpg", "train/images/a/deep/x.jpg", "extra/images/a/x.jpg"} {
				f["NEU-DET/"+name] = f[image]
			}
		}, []string{"\n  x.jpg: is misplaced", "train/x.jpg: is mis", "train/images/x.jpg: is mis", "train/images/a/deep: is mis", "extra/images/a/x.jpg: is mis"}},
		{"no image in a class folder", func(f tree) { f["NEU-DET/train/images/a/a_9.xml"] = []byte("<a/>") },
			[]string{"train/images/a/a_9.xml: is misplaced"}},
		{"one class", func(f tree) {
			maps.DeleteFunc(f, func(name string, _ []byte) bool { return strings.Contains(name, "/b/") })
		}, []string{"only one class, a"}},
		{"no images at all", func(f tree) {
			maps.DeleteFunc(f, func(name string, _ []byte) bool { return strings.HasSuffix(name, ".jpg") })
		}, []string{"no images in class folders", "name the folder that holds them", "expected: {train,validation}"}},
		{"several at once", func(f tree) {
			f[image] = nil
			f["NEU-DET/validation/images/b/b_12.jpg"] = []byte("<html>")
			delete(f, "NEU-DET/train/images/a/a_10.jpg")
			f["NEU-DET/a_10.jpg"] = greyJPEG(t, 8, 1)
		}, []string{"3 problems", "train/images/a/a_9.jpg: is an empty", "b_12.jpg: is not a JPEG", "\n  a_10.jpg: is misplaced"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ownCache(t)
			files := smallTree(t)
			c.change(files)
			for _, source := range []string{files.folder(t), files.zip(t)} {
				_, err := Open(source)
				var bad *BadDataError
				if !errors.As(err, &bad) {
					t.Fatalf("%s: want a BadDataError, got %v", source, err)
				}
				for _, want := range c.want {
					if want == "train/images/a/deep: is mis" && strings.HasSuffix(source, ".zip") {
						want = "train/images/a/deep/x.jpg: is mis" // zips need not list folders
					}
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%s: message lacks %q:\n%v", source, want, err)
					}
				}
			}
		})
	}
}

func TestLongListsAreCut(t *testing.T) {
	ownCache(t)
	files := smallTree(t)
	for i := range 33 {
		files[fmt.Sprintf("NEU-DET/train/images/a/a_%d.jpg", 100+i)] = []byte("no")
	}
	_, err := Open(files.folder(t))
	var bad *BadDataError
	if !errors.As(err, &bad) || len(bad.Problems) != 33 {
		t.Fatal(err)
	}
	if message := err.Error(); !strings.Contains(message, "and 13 more") || strings.Count(message, "\n") != 22 {
		t.Error(message)
	}
}

func TestMissingEmptyAndWrongFolders(t *testing.T) {
	ownCache(t)
	missing := filepath.Join(t.TempDir(), "nothing")
	if _, err := Open(missing); err == nil || !strings.Contains(err.Error(), missing+" does not exist") {
		t.Error(err)
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no folder train or validation") {
		t.Error(err)
	}
	text := zipOnDisk(t, []byte("no archive"))
	if _, err := Open(text); err == nil || !strings.Contains(err.Error(), "is no zip, or a truncated one") {
		t.Error(err)
	}
	if _, err := Open(os.DevNull); err == nil || !strings.Contains(err.Error(), "neither a folder nor a zip") {
		t.Error(err)
	}
}

func TestLinksInFoldersAreFollowedButEnd(t *testing.T) {
	ownCache(t)
	root := smallTree(t).folder(t)
	train := filepath.Join(root, "NEU-DET", "train")
	for link, target := range map[string]string{
		filepath.Join(train, "images", "a", "a_50.jpg"): filepath.Join(train, "images", "a", "a_9.jpg"),
		filepath.Join(train, "circle"):                  train,
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Skip("needs a file system with links:", err)
		}
	}
	_, err := Open(root)
	var bad *BadDataError
	if !errors.As(err, &bad) || len(bad.Problems) > 20 || !strings.HasPrefix(bad.Problems[0].Path, "train/circle/images/a") {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(train, "circle"))
	d, err := Open(root)
	if err != nil || d.Train.Counts()[0] != 4 {
		t.Fatal(d, err)
	}
	os.Symlink(filepath.Join(root, "gone"), filepath.Join(train, "images", "a", "a_51.jpg"))
	if _, err := Open(root); err == nil || !strings.Contains(err.Error(), "train/images/a/a_51.jpg: cannot be read") {
		t.Error(err)
	}
}
