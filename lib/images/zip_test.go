package images

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// with appends entries to a small good archive.
func with(t testing.TB, add func(w *zip.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	files := smallTree(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		create(w, &zip.FileHeader{Name: name, Method: zip.Deflate}, files[name])
	}
	add(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func create(w *zip.Writer, header *zip.FileHeader, data []byte) {
	f, err := w.CreateHeader(header)
	if err == nil {
		_, err = f.Write(data)
	}
	if err != nil {
		panic(err)
	}
}

func TestHostileZipsAreRefused(t *testing.T) {
	const image = "NEU-DET/train/images/a/a_70.jpg"
	good := greyJPEG(t, 16, 5)
	link := &zip.FileHeader{Name: image}
	link.SetMode(fs.ModeSymlink | 0o777)
	cases := map[string]struct {
		data []byte
		want string
	}{
		"path to the parent": {with(t, func(w *zip.Writer) { create(w, &zip.FileHeader{Name: "NEU-DET/../../evil.jpg"}, good) }),
			"NEU-DET/../../evil.jpg: is a path that leaves the folder"},
		"absolute path": {with(t, func(w *zip.Writer) { create(w, &zip.FileHeader{Name: "/etc/evil"}, good) }),
			"/etc/evil: is a path that leaves the folder"},
		"Windows path": {with(t, func(w *zip.Writer) { create(w, &zip.FileHeader{Name: `C:\evil.jpg`}, good) }),
			`C:\evil.jpg: is a path that leaves the folder`},
		"link": {with(t, func(w *zip.Writer) { create(w, link, []byte("/etc/passwd")) }), "a_70.jpg: is a link or device"},
		"the same name twice": {with(t, func(w *zip.Writer) {
			create(w, &zip.FileHeader{Name: image}, good)
			create(w, &zip.FileHeader{Name: image}, greyJPEG(t, 16, 6))
		}), "a_70.jpg: is there twice"},
		"file and folder of one name": {with(t, func(w *zip.Writer) {
			create(w, &zip.FileHeader{Name: image}, good)
			create(w, &zip.FileHeader{Name: image + "/"}, nil)
		}), "a_70.jpg: is there twice"},
		"encrypted":         {with(t, func(w *zip.Writer) { create(w, &zip.FileHeader{Name: image, Flags: 1}, good) }), "a_70.jpg: is encrypted"},
		"unknown method":    {raw(t, image, 99, good, len(good)), "a_70.jpg: cannot be read: zip: unsupported compression"},
		"wrong checksum":    {flip(t, with(t, func(w *zip.Writer) { create(w, &zip.FileHeader{Name: image}, good) }), good), "a_70.jpg: is damaged"},
		"claims too little": {raw(t, image, zip.Store, good, len(good)-5), "a_70.jpg: is damaged"},
		"claims too much":   {raw(t, image, zip.Store, good, len(good)+5), "a_70.jpg: is damaged"},
		"large file": {with(t, func(w *zip.Writer) {
			create(w, &zip.FileHeader{Name: image, Method: zip.Deflate}, make([]byte, 40<<20))
		}),
			"a_70.jpg: is too large: 40 MB, the limit is 32 MB"},
		"claims terabytes": {raw(t, image, zip.Store, good, 4<<40), "a_70.jpg: is too large: 4194304 MB, the limit is 32 MB"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ownCache(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Open(zipOnDisk(t, c.data))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d MB allocated", used>>20)
			}
		})
	}
}

// raw adds an entry whose header claims a size.
func raw(t testing.TB, name string, method uint16, data []byte, claimed int) []byte {
	return with(t, func(w *zip.Writer) {
		f, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: method,
			CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(claimed)})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(data)
	})
}

// flip changes a byte of content that is stored in the archive.
func flip(t testing.TB, archive, content []byte) []byte {
	at := bytes.LastIndex(archive, content)
	if at < 0 {
		t.Fatal("the content is not stored as it is")
	}
	archive[at+len(content)/2] ^= 0x55
	return archive
}

func TestZipBombIsRefusedBeforeItIsRead(t *testing.T) {
	ownCache(t)
	const size = 30 << 20
	var zeros bytes.Buffer
	deflate, _ := flate.NewWriter(&zeros, flate.BestSpeed)
	deflate.Write(make([]byte, size))
	deflate.Close()
	data := with(t, func(w *zip.Writer) {
		for i := range 18 {
			f, err := w.CreateRaw(&zip.FileHeader{Name: "NEU-DET/train/images/a/" + string(rune('b'+i)) + ".jpg",
				Method: zip.Deflate, CompressedSize64: uint64(zeros.Len()), UncompressedSize64: size})
			if err != nil {
				t.Fatal(err)
			}
			f.Write(zeros.Bytes())
		}
	})
	if len(data) > 4<<20 {
		t.Fatalf("the bomb has %d bytes", len(data))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := openZip(bytes.NewReader(data), int64(len(data)), "bomb.zip")
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "holds images of 540 MB, the limit is 512 MB") {
		t.Error(err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d MB allocated", used>>20)
	}
}

// An archive that lies about sizes must not inflate further than it claims.
func TestLyingZipBombStopsAtTheClaimedSize(t *testing.T) {
	ownCache(t)
	const image = "NEU-DET/train/images/a/a_70.jpg"
	data := with(t, func(w *zip.Writer) {
		create(w, &zip.FileHeader{Name: image, Method: zip.Deflate}, make([]byte, 100<<20))
	})
	at := bytes.LastIndex(data, []byte("PK\x01\x02")) // the last directory entry
	binary.LittleEndian.PutUint32(data[at+24:], 1000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := openZip(bytes.NewReader(data), int64(len(data)), "bomb.zip")
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "a_70.jpg: is damaged") {
		t.Error(err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d MB allocated", used>>20)
	}
}

func TestTruncatedZipIsRefused(t *testing.T) {
	ownCache(t)
	data := smallTree(t).archive(t)
	for n := 0; n < len(data); n += 7 {
		_, err := openZip(bytes.NewReader(data[:n]), int64(n), "data.zip")
		if err == nil || !strings.Contains(err.Error(), "data.zip is no zip, or a truncated one of") {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(data), err)
		}
	}
}

func TestOpenLeavesNoFiles(t *testing.T) {
	ownCache(t)
	name := smallTree(t).zip(t)
	if _, err := Open(name); err != nil {
		t.Fatal(err)
	}
	items, _ := os.ReadDir(filepath.Dir(name))
	if len(items) != 1 {
		t.Errorf("files beside the archive: %v", items)
	}
}

// The corpus in testdata/fuzz holds a small good archive and hostile ones.
func FuzzOpenZip(f *testing.F) {
	// A cache that cannot be written: what one input leaves there must not change how the next one is read.
	f.Setenv("DEFECTS_CACHE", os.DevNull)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := openZip(bytes.NewReader(data), int64(len(data)), "fuzz.zip")
		if err != nil {
			if d != nil {
				t.Fatal("a data set and an error")
			}
			return
		}
		for _, split := range d.sets() {
			for label, n := range split.Counts() {
				if n == 0 {
					t.Fatalf("%s has no image of class %s", split.Name, d.Classes[label])
				}
			}
			for _, file := range split.Images {
				if _, err := file.Pixels(2, 2); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
