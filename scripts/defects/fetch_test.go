//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

func TestFetchBringsTheViTFromAHub(t *testing.T) {
	header := `{"vit.layernorm.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	file = append(file, make([]byte, 8)...)
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.Header().Set("X-Linked-Etag", fmt.Sprintf(`"%x"`, sha256.Sum256(file)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	}))
	t.Cleanup(s.Close)
	cache := t.TempDir()
	t.Setenv("HF_ENDPOINT", s.URL)
	t.Setenv("DEFECTS_CACHE", cache)

	want := filepath.Join(cache, "weights", "vit-base-patch16-224.safetensors")
	code, stdout, stderr := defects("fetch", "weights", "vit")
	if code != 0 || stdout != "weights of vit: "+want+"\n" || !strings.Contains(stderr, "vit-base-patch16-224.safetensors: 0.0 of 0.0 MB\n") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	var out fetched
	succeed(t, &out, "fetch", "weights", "vit") // from the cache
	if out.Weights["vit"] != want || len(out.Weights) != 1 {
		t.Errorf("%+v", out)
	}
	if got, err := os.ReadFile(want); err != nil || !bytes.Equal(got, file) {
		t.Errorf("the file has %d bytes: %v", len(got), err)
	}
	path := "/google/vit-base-patch16-224/resolve/main/model.safetensors"
	if got := strings.Join(asked, ", "); got != "HEAD "+path+", GET "+path {
		t.Errorf("the hub was asked: %s", got)
	}

	t.Setenv("DEFECTS_CACHE", t.TempDir())
	file = file[:len(file)-4] // too short for its header
	refuse(t, []string{"vit-base-patch16-224", "model.safetensors", "was removed"}, "fetch", "weights", "vit")
}

func TestNetworksAreListed(t *testing.T) {
	var table networkTable
	succeed(t, &table, "networks")
	code, text, _ := defects("networks")
	for i, name := range backbone.Names() {
		n := table.Networks[i]
		if n.Name != name || n.Input == 0 || len(n.Published) == 0 || code != 0 || !strings.Contains(text, n.Published[0]) {
			t.Errorf("%+v, exit code %d: %s", n, code, text)
		}
	}
}

func TestDoctorSaysWhichWeightsAreDamaged(t *testing.T) {
	needDevice(t)
	cache := t.TempDir()
	t.Setenv("DEFECTS_CACHE", cache)
	n, err := backbone.Lookup("resnet50v2")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(cache, "weights", n.Files()[0].File)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{file: "changed", file + ".sha256": strings.Repeat("0", 64) + "  x\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var d diagnosis
	succeed(t, &d, "doctor")
	for _, p := range d.Parts {
		said := strings.Contains(p.Notice, file+" is damaged")
		if said != (p.Name == n.Name) {
			t.Errorf("%+v", p)
		}
		if said && !strings.Contains(p.Remedy, "fetch weights resnet50v2") {
			t.Errorf("%+v", p)
		}
	}
}
