package serve

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"
)

// Whatever a client sends is answered as its mistake, or as a prediction.
func FuzzInfer(f *testing.F) {
	s, err := New(Config{Models: []Model{{Name: "steel"}}, BatchDelay: time.Nanosecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	s.entries[0].open = func() (engine, error) { return &fake{}, nil }
	if err := s.Load(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	head := `{"inputs": [{"name": "image", "shape": %s, "datatype": %q, "parameters": {"binary_data_size": %d}}]}`
	for _, seed := range []struct {
		shape, datatype string
		data            []byte
	}{{"[1, 4, 4, 3]", "UINT8", make([]byte, 48)}, {"[1, 4, 4, 3]", "FP32", make([]byte, 192)},
		{"[1]", "BYTES", append([]byte{4, 0, 0, 0}, "\xff\xd8\xff\xe0"...)}, {"[1]", "BYTES", []byte{255, 255, 255, 255}}} {
		text := fmt.Sprintf(head, seed.shape, seed.datatype, len(seed.data))
		f.Add(append([]byte(text), seed.data...), fmt.Sprint(len(text)))
	}
	f.Add([]byte(`{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "FP32", "data": `+nestedPixels("1e1")+`}]}`), "")
	f.Add([]byte(`{"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["AAAA"]}]}`), "")
	f.Fuzz(func(t *testing.T, body []byte, length string) {
		var w *httptest.ResponseRecorder
		if length == "" {
			w = ask(s, "POST", inferPath, body)
		} else {
			w = ask(s, "POST", inferPath, body, headerLength, length)
		}
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	})
}
