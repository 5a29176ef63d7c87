package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// entry is a tensor of n float32 in a header.
func entry(name string, n, start, end int) string {
	return fmt.Sprintf(`"%s":{"dtype":"F32","shape":[%d],"data_offsets":[%d,%d]}`, name, n, start, end)
}

func TestBadSafetensorsGiveErrors(t *testing.T) {
	header := func(entries ...string) string { return "{" + strings.Join(entries, ",") + "}" }
	file := func(n int, entries ...string) []byte { return safetensorsBytes(header(entries...), n) }
	one := func(field, value string) []byte {
		fields := map[string]string{"dtype": `"F32"`, "shape": "[2]", "data_offsets": "[0,8]"}
		fields[field] = value
		var list []string
		for _, f := range []string{"dtype", "shape", "data_offsets"} {
			if fields[f] != "" {
				list = append(list, fmt.Sprintf("%q:%s", f, fields[f]))
			}
		}
		return file(8, `"a.weight":{`+strings.Join(list, ",")+"}")
	}
	claims := func(length uint64) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, length), "{}      "...)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":              {nil, "it is truncated: it has 0 bytes"},
		"8 bytes":            {claims(2)[:8], "it is truncated: it has 8 bytes"},
		"a page":             {[]byte("<!DOCTYPE html><html>"), `no safetensors file: it starts with "<!DOCTYPE`},
		"a pointer":          {[]byte("version https://git-lfs.github.com/spec/v1\n"), "get them with git lfs pull"},
		"pickled":            {[]byte("PK\x03\x04\x00\x00\x08\x08\x00\x00\x00"), "zip"},
		"header of 5 GB":     {claims(5e9), "claims a header of 5000000000 bytes, of 100000000 that the format allows"},
		"header of 2^64":     {claims(math.MaxUint64), "claims a header of 18446744073709551615 bytes"},
		"header cut off":     {claims(100), "truncated in its header: it should have more than 108 bytes, and has 16"},
		"no JSON":            {safetensorsBytes(`{"a":`, 0), "its header: it is not JSON"},
		"not UTF-8":          {safetensorsBytes("{\"a\xff\":{}}", 0), "its header: it is not JSON"},
		"more JSON":          {safetensorsBytes("{}{}", 0), "its header: it is not JSON"},
		"entry, a number":    {file(0, `"a":1`), `tensor "a": there should be "{", and there is 1`},
		"name twice":         {file(8, entry("a", 1, 0, 4), entry("a", 1, 4, 8)), `"a" is there twice`},
		"name twice, as \\u": {file(8, entry("a", 1, 0, 4), entry(`\u0061`, 1, 4, 8)), `"a" is there twice`},
		"field twice":        {file(8, `"a":{"shape":[2],"shape":[1]}`), `tensor "a": "shape" is there twice`},
		"no name":            {file(4, entry("", 1, 0, 4)), "begins or ends with a dot"},
		"dot first":          {file(8, entry("a", 1, 0, 4), entry(".a", 1, 4, 8)), `tensor ".a": the name begins`},
		"dot last":           {file(4, entry("a.", 1, 0, 4)), "begins or ends with a dot"},
		"no dtype":           {one("dtype", ""), `tensor "a.weight": its dtype, its shape or one of two`},
		"no shape":           {one("shape", ""), "is missing"},
		"no offsets":         {one("data_offsets", ""), "is missing"},
		"one offset":         {one("data_offsets", "[8]"), "is missing"},
		"three offsets":      {one("data_offsets", "[0,8,9]"), "data_offsets: there should be up to 2 sizes, and there is 9"},
		"offset as text":     {one("data_offsets", `["0",8]`), "up to 2 sizes, and there is 0"},
		"offset of 10^30":    {one("data_offsets", "[0,1"+strings.Repeat("0", 30)+"]"), "up to 2 sizes"},
		"negative offset":    {one("data_offsets", "[-1,7]"), "there is -1"},
		"negative size":      {one("shape", "[-2]"), "its shape: there should be up to 64 sizes, and there is -2"},
		"half a size":        {one("shape", "[1.5]"), "there is 1.5"},
		"shape null":         {one("shape", "null"), `there should be "["`},
		"65 dimensions":      {one("shape", "[2"+strings.Repeat(",1", 64)+"]"), "up to 64 sizes"},
		"dtype, a number":    {one("dtype", "32"), "its dtype: there should be a text, and there is 32"},
		"unknown dtype":      {one("dtype", `"F31"`), `tensor "a.weight": it has the type "F31", which is not supported`},
		"complex":            {one("dtype", `"C64"`), `the type "C64", which is not supported; get the checkpoint in float32`},
		"bytes":              {one("dtype", `"I8"`), `the type "I8", which is not supported`},
		"integer weight":     {one("dtype", `"I32"`), `tensor "a.weight" has the type int32: quantized`},
		"other size":         {one("shape", "[3]"), "shape [3] of F32 needs 12 bytes, its data_offsets span 8"},
		"other type":         {one("dtype", `"F16"`), "shape [2] of F16 needs 4 bytes, its data_offsets span 8"},
		"shape overflows":    {one("shape", "[4294967296,4294967296]"), "more elements than can be counted"},
		"bytes overflow":     {one("shape", "[4611686018427387904]"), "more elements than can be counted"},
		"ends before":        {one("data_offsets", "[8,0]"), `tensor "a.weight": its data_offsets [8 0] end before they begin`},
		"data cut off":       {file(7, entry("a", 2, 0, 8)), `tensor "a" should end at byte 70 of a file that has 69; it is trunc`},
		"out of range":       {file(8, entry("a", 2, 1<<62-8, 1<<62)), "should end at byte 4611686018427388002 of"},
		"overlap":            {file(12, entry("a", 2, 0, 8), entry("b", 2, 4, 12)), `tensors "a" and "b" overlap: one ends at byte`},
		"the same bytes":     {file(8, entry("a", 2, 0, 8), entry("b", 2, 0, 8)), `"a" and "b" overlap`},
		"empty one inside":   {file(8, entry("a", 2, 0, 8), entry("b", 0, 4, 4)), `"a" and "b" overlap`},
		"hole":               {file(12, entry("b", 1, 8, 12), entry("a", 1, 0, 4)), `4 bytes before tensor "b" belong to none`},
		"hole at the start":  {file(8, entry("a", 1, 4, 8)), `4 bytes before tensor "a" belong to none`},
		"more data":          {file(9, entry("a", 2, 0, 8)), "1 bytes at the end belong to no tensor"},
		"only data":          {file(4), "4 bytes at the end belong to no tensor"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(bytes.NewReader(c.file), int64(len(c.file)), "x/model.safetensors")
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "x/model.safetensors") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("it took %d bytes for a file of %d", used, len(c.file))
			}
		})
	}
}

func TestPythonsSafetensorsThatHoldNoWeightsAreRefused(t *testing.T) {
	for file, want := range map[string]string{
		"refused_float8":   `tensor "a.weight": it has the type "F8_E4M3", which is not supported; get the checkpoint in float32`,
		"refused_int32":    `tensor "a.weight" has the type int32: quantized weights`,
		"refused_nan":      "NaN or infinite values in cls_token (1 of 2)",
		"refused_overflow": "NaN or infinite values in a/weight (1 of 1)",
	} {
		path := filepath.Join(goldens, file+".safetensors")
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestCutSafetensorsAreRefused cuts a file anywhere.
func TestCutSafetensorsAreRefused(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(goldens, "float16.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		_, err := Read(bytes.NewReader(whole[:n]), int64(n), "a.safetensors")
		if err == nil || !strings.Contains(err.Error(), "truncated") {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// TestFileThatShrinksIsRefused: another process cuts it between the look at its size and the reading.
func TestFileThatShrinksIsRefused(t *testing.T) {
	whole := safetensorsBytes("{"+entry("a", 2, 0, 8)+"}", 8)
	_, err := Read(bytes.NewReader(whole[:len(whole)-3]), int64(len(whole)), "a.safetensors")
	if err == nil || !strings.Contains(err.Error(), `tensor "a": the file ends at byte 67`) {
		t.Errorf("got %v", err)
	}
}

// TestManyTensorsTakeLittleMemory: a header of many tensors without data.
func TestManyTensorsTakeLittleMemory(t *testing.T) {
	var b strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&b, `,"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`, i)
	}
	file := safetensorsBytes("{"+b.String()[1:]+"}", 0)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c, err := Read(bytes.NewReader(file), int64(len(file)), "a")
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(c.Layers) != 1 || len(c.Layers[0].Tensors) != 50_000 {
		t.Fatal(err)
	}
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 8*int64(len(file)) {
		t.Errorf("a file of %d bytes takes %d", len(file), used)
	}
	runtime.KeepAlive(c)
}
