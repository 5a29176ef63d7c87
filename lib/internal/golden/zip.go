package golden

import (
	"archive/zip"
	"io"
	"testing"
)

// File is a file of a zip in testdata.
type File struct {
	Name    string
	Content []byte
}

// Unzip gives the files of a zip in their order there.
func Unzip(t testing.TB, path string) (files []File) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{f.Name, content})
	}
	return files
}
