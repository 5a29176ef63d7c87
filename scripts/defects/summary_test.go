//go:build unix

package main

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// summaryOf decodes what summary prints into plain maps and slices.
func summaryOf(t *testing.T, args ...string) map[string]any {
	t.Helper()
	var got map[string]any
	succeed(t, &got, append([]string{"summary"}, args...)...)
	return got
}

// The tables were made by scripts/oracle/goldens/keras_tables.py.
func TestSummaryEqualsKeras(t *testing.T) {
	f, err := os.Open("../../lib/backbone/testdata/tables.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var tables []struct {
		Name    string
		Alpha   float64
		Input   int
		Top     bool
		Classes int
		Params  int
		Layers  []map[string]any
	}
	if err := json.NewDecoder(z).Decode(&tables); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Top && table.Classes != 0 && table.Classes != 1000 {
			continue
		}
		layers := make([]any, len(table.Layers))
		for i, l := range table.Layers {
			l["index"], l["type"] = float64(i), l["class"]
			delete(l, "class")
			delete(l, "inputs")
			layers[i] = l
		}
		args := []string{table.Name, "--input", strconv.Itoa(table.Input)}
		if table.Alpha != 0 {
			args = append(args, "--alpha", strconv.FormatFloat(table.Alpha, 'f', -1, 64))
		}
		if table.Top {
			args = append(args, "--top")
		}
		if got, want := summaryOf(t, args...), map[string]any{"params": float64(table.Params), "layers": layers}; !reflect.DeepEqual(got, want) {
			t.Errorf("%v: differs from Keras's table", args)
		}
	}
}

func TestSummaryEqualsOracle(t *testing.T) {
	for file, args := range map[string][]string{
		"mobilenet_v2_0.35_224.json": {"mobilenetv2", "--alpha", "0.35"},
		"mobilenet_v2_1.00_224.json": {"mobilenetv2"},
		"resnet50v2_200.json":        {"resnet50v2"},
	} {
		raw, err := os.ReadFile("../../../shared/oracle/" + file)
		if err != nil {
			t.Skip("needs ../shared/oracle beside the clone")
		}
		var want map[string]any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if got := summaryOf(t, args...); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: differs", args)
		}
	}
}

func TestSummaryPrintsAsKeras(t *testing.T) {
	code, stdout, _ := defects("summary", "mobilenetv2", "--alpha", "0.35")
	if code != 0 || !strings.Contains(stdout, "Total params: 410,208") || !strings.Contains(stdout, "block_1_pad (ZeroPadding2D)") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}
