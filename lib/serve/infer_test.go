package serve

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

const inferPath = "/v2/models/steel/infer"

// repeated is one value for each pixel of images, in JSON.
func repeated(value string, images int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(value+",", images*side*side*3), ",") + "]"
}

// nestedPixels are an image as arrays in arrays.
func nestedPixels(value string) string {
	pixel := "[" + value + ", " + value + "," + value + "]"
	row := "[" + strings.TrimSuffix(strings.Repeat(pixel+",", side), ",") + "]"
	return "[[" + strings.TrimSuffix(strings.Repeat(row+",\n", side), ",\n") + "]]"
}

// inferAnswer is an inference response, as the protocol describes it.
type inferAnswer struct {
	ModelName    string            `json:"model_name"`
	ModelVersion string            `json:"model_version"`
	ID           string            `json:"id"`
	Parameters   map[string]string `json:"parameters"`
	Outputs      []struct {
		Name, Datatype string
		Shape          []int
		Parameters     map[string]int
		Data           []any
	} `json:"outputs"`
}

// The form of the protocol's own example: an id, an input with its shape and flat data, one output that is named.
func TestInferInJSON(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{notice: "drawn for a test"})
	var a inferAnswer
	answered(t, ask(s, "POST", inferPath, []byte(`{"id": "42", "inputs": [{"name": "image", "shape": [2, 4, 4, 3],
		"datatype": "UINT8", "data": `+strings.TrimSuffix(repeated("0", 1), "]")+","+strings.TrimPrefix(repeated("255", 1), "[")+`}],
		"outputs": [{"name": "probabilities"}]}`)), 200, &a)
	if a.ID != "42" || a.ModelName != "steel" || a.ModelVersion != "1" || a.Parameters["notice"] != "drawn for a test" || len(a.Outputs) != 1 {
		t.Fatalf("%+v", a)
	}
	o := a.Outputs[0]
	if o.Name != "probabilities" || o.Datatype != "FP32" || !reflect.DeepEqual(o.Shape, []int{2, 3}) ||
		!reflect.DeepEqual(o.Data, []any{0.5, 0.25, 0.25, 0.25, 0.25, 0.5}) {
		t.Errorf("%+v", o)
	}
	for _, input := range []string{
		`"shape": [1, 4, 4, 3], "datatype": "FP32", "data": ` + nestedPixels("100.5"),
		`"shape": [1, 4, 4, 3], "datatype": "UINT8", "data": ` + nestedPixels(" 1e2"),
		`"shape": [1], "datatype": "BYTES", "data": ["` + base64.StdEncoding.EncodeToString(grey(t, "png", 7, 3, 100)) + `"]`,
		`"shape": [1, 1], "datatype": "BYTES", "data": [["` + base64.StdEncoding.EncodeToString(grey(t, "jpeg", 8, 8, 100)) + `"]]`,
	} {
		var a inferAnswer
		body := `{"inputs": [{"name": "image", ` + input + `}], "unknown": 1, "parameters": {"priority": 1}}`
		answered(t, ask(s, "POST", "/v2/models/steel/versions/1/infer", []byte(body)), 200, &a)
		if len(a.Outputs) != 2 || a.Outputs[1].Name != "class" || a.Outputs[1].Datatype != "BYTES" ||
			!reflect.DeepEqual(a.Outputs[1].Shape, []int{1}) || !reflect.DeepEqual(a.Outputs[1].Data, []any{"middle"}) {
			t.Errorf("%.80s: %+v", input, a)
		}
	}
}

func TestClassificationExtension(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	for k, want := range map[int][]any{1: {"0.5:1:middle"}, 2: {"0.5:1:middle", "0.25:0:dark"},
		9: {"0.5:1:middle", "0.25:0:dark", "0.25:2:bright"}} {
		var a inferAnswer
		answered(t, ask(s, "POST", inferPath, fmt.Appendf(nil, `{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8",
			"data": %s}], "outputs": [{"name": "probabilities", "parameters": {"classification": %d}}]}`, repeated("99", 1), k)), 200, &a)
		o := a.Outputs[0]
		if o.Datatype != "BYTES" || !reflect.DeepEqual(o.Shape, []int{1, len(want)}) || !reflect.DeepEqual(o.Data, want) {
			t.Errorf("%d: %+v", k, o)
		}
	}
}

// binaryRequest is JSON, and after it tensors.
func binaryRequest(s *Server, head string, tensors []byte, headers ...string) *httptest.ResponseRecorder {
	return ask(s, "POST", inferPath, append([]byte(head), tensors...), append(headers, headerLength, fmt.Sprint(len(head)))...)
}

func TestBinaryTensors(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	pixels, floats := bytes.Repeat([]byte{200}, 48), []byte(nil)
	for range 48 {
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(199.5))
	}
	file := grey(t, "jpeg", 10, 10, 200)
	files := append(binary.LittleEndian.AppendUint32(nil, uint32(len(file))), file...)
	for _, c := range []struct {
		datatype, shape string
		data            []byte
	}{{"UINT8", "[1, 4, 4, 3]", pixels}, {"FP32", "[1, 4, 4, 3]", floats}, {"BYTES", "[1]", files}, {"BYTES", "[2]", append(files, files...)}} {
		head := fmt.Sprintf(`{"inputs": [{"name": "image", "shape": %s, "datatype": %q, "parameters": {"binary_data_size": %d}}],
			"parameters": {"binary_data_output": true}, "outputs": [{"name": "class"}, {"name": "probabilities"}]}`, c.shape,
			c.datatype, len(c.data))
		w := binaryRequest(s, head, c.data)
		size := 0
		fmt.Sscan(w.Header().Get(headerLength), &size)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/octet-stream" || size == 0 {
			t.Fatalf("%s: %d %v %s", c.datatype, w.Code, w.Header(), w.Body)
		}
		body := w.Body.Bytes()
		var a inferAnswer
		if err := json.Unmarshal(body[:size], &a); err != nil {
			t.Fatal(err)
		}
		rest := body[size:]
		for _, o := range a.Outputs {
			n := o.Parameters["binary_data_size"]
			if o.Data != nil || n > len(rest) {
				t.Fatalf("%s: %+v, %d bytes left", c.datatype, o, len(rest))
			}
			var want []byte
			for range o.Shape[0] {
				if o.Name == "class" {
					want = append(want, "\x06\x00\x00\x00bright"...)
				} else {
					for _, p := range []float32{0.25, 0.25, 0.5} {
						want = binary.LittleEndian.AppendUint32(want, math.Float32bits(p))
					}
				}
			}
			if !bytes.Equal(rest[:n], want) {
				t.Errorf("%s: %s is %q", c.datatype, o.Name, rest[:n])
			}
			rest = rest[n:]
		}
		if len(rest) > 0 {
			t.Errorf("%s: %d bytes too many", c.datatype, len(rest))
		}
	}
}

func TestCompressedRequests(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	head := `{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "parameters": {"binary_data_size": 48}}]}`
	plain := append([]byte(head), make([]byte, 48)...)
	for encoding, compress := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	} {
		var b bytes.Buffer
		w := compress(&b)
		w.Write(plain)
		w.Close()
		got := ask(s, "POST", inferPath, b.Bytes(), "Content-Encoding", encoding, headerLength, fmt.Sprint(len(head)))
		if got.Code != 200 {
			t.Errorf("%s: %s", encoding, got.Body)
		}
		refused(t, ask(s, "POST", inferPath, b.Bytes()[:20], "Content-Encoding", encoding), 400, "cannot be read")
	}
	refused(t, ask(s, "POST", inferPath, plain, "Content-Encoding", "br"), 415, "gzip, deflate")
}

func TestWrongInferenceRequestsSayWhatIsWrong(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	input := func(shape, datatype, data string) string {
		return fmt.Sprintf(`{"inputs": [{"name": "image", "shape": %s, "datatype": %q, "data": %s}]}`, shape, datatype, data)
	}
	ok := repeated("1", 1)
	for body, says := range map[string]string{
		"":              "no inference request",
		"null":          "the inputs are []",
		"[]":            "no inference request",
		"{}":            "the inputs are []",
		`{"inputs": [}`: "no inference request",
		`{"inputs": [{"name": "image", "shape": "x"}]}`: "no inference request",
		// The protocol's own example, whose model is another.
		`{"id": "42", "inputs": [{"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]},
			{"name": "input1", "shape": [3], "datatype": "BOOL", "data": [true]}], "outputs": [{"name": "output0"}]}`: `no output "output0"`,
		`{"inputs": [{"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]}]}`: `the inputs are ["input0"]`,
		input("[1, 4, 4, 3]", "INT64", ok):                                                 "is INT64",
		input("[1, 4, 4]", "UINT8", ok):                                                    "takes [n, 4, 4, 3]",
		input("[1, 5, 4, 3]", "UINT8", ok):                                                 "takes [n, 4, 4, 3]",
		input("[0, 4, 4, 3]", "UINT8", "[]"):                                               "at least one",
		input("[-1, 4, 4, 3]", "UINT8", ok):                                                "at least one",
		input("[2, 4, 4, 3]", "UINT8", ok):                                                 "48 values",
		input("[1, 4, 4, 3]", "UINT8", repeated("256", 1)):                                 "from 0 to 255",
		input("[1, 4, 4, 3]", "FP32", repeated("-0.5", 1)):                                 "from 0 to 255",
		input("[1, 4, 4, 3]", "FP32", repeated("1e99", 1)):                                 "no number",
		input("[1, 4, 4, 3]", "FP32", repeated(`"1"`, 1)):                                  "no number",
		input("[1, 4, 4, 3]", "FP32", repeated("null", 1)):                                 "no number",
		input("[1, 4, 4, 3]", "FP32", "7"):                                                 "no array",
		input("[1, 4, 4, 3]", "FP32", "{}"):                                                "no array",
		input("[2, 4, 4, 3]", "FP32", nestedPixels("1")):                                   "an array of 1 at depth 0",
		input("[1, 4, 4, 3]", "FP32", "[["+ok[1:len(ok)-1]+"]]"):                           "no array",
		input("[1, 4, 4, 3]", "FP32", strings.Repeat("[", 5000)+strings.Repeat("]", 5000)): "",
		input("[1, 2]", "BYTES", `["x"]`):                                                  "of shape [n]",
		input("[1]", "BYTES", `["x"]`):                                                     "base64",
		input("[1]", "BYTES", `["AAAA"]`):                                                  "image 0 is not a JPEG",
		input("[2]", "BYTES", `["AAAA"]`):                                                  "has 1 images",
		input("[300]", "BYTES", `["AAAA"]`):                                                "300 images in one request",
		strings.Replace(input("[1, 4, 4, 3]", "UINT8", ok), `"data"`, `"parameters": {"shared_memory_region": "r"}, "data"`, 1):                        "shared memory",
		strings.Replace(input("[1, 4, 4, 3]", "UINT8", ok), `"data"`, `"parameters": {"binary_data_size": 48}, "data"`, 1):                             "0 bytes follow",
		strings.Replace(input("[1, 4, 4, 3]", "UINT8", ok), `"data"`, `"parameters": {"binary_data_size": 0}, "data"`, 1):                              "both data and",
		strings.TrimSuffix(input("[1, 4, 4, 3]", "UINT8", ok), "}") + `, "outputs": [{"name": "class"}, {"name": "class"}]}`:                           "wanted twice",
		strings.TrimSuffix(input("[1, 4, 4, 3]", "UINT8", ok), "}") + `, "outputs": [{"name": "probabilities", "parameters": {"classification": 0}}]}`: "1 or more",
	} {
		status := 400
		if strings.HasPrefix(says, "300") {
			status = 413
		}
		refused(t, ask(s, "POST", inferPath, []byte(body)), status, says)
	}
	head := `{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "FP32", "parameters": {"binary_data_size": 6}}]}`
	refused(t, binaryRequest(s, head, make([]byte, 6)), 400, "has 6 bytes, its shape [1 4 4 3] of FP32 needs 192")
	refused(t, binaryRequest(s, head, make([]byte, 5)), 400, "5 bytes follow")
	refused(t, binaryRequest(s, head, make([]byte, 7)), 400, "1 bytes follow")
	notNumbers := strings.Replace(head, ": 6", ": 192", 1)
	refused(t, binaryRequest(s, notNumbers, bytes.Repeat([]byte{0xff}, 192)), 400, "value 0 is NaN")
	long := strings.Replace(strings.Replace(head, "FP32", "BYTES", 1), "[1, 4, 4, 3]", "[1]", 1)
	refused(t, binaryRequest(s, long, []byte("\xff\xff\xff\xff\x00\x00")), 400, "longer than the data")
	for _, length := range []string{"-1", "x", "1000000"} {
		refused(t, ask(s, "POST", inferPath, []byte("{}"), headerLength, length), 400, "bytes of the JSON")
	}
}
