package serve

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// fields are those of an object of the protocol, each with its type: one of the words below, []any of one type, or fields. A
// name that ends in ? may be missing.
type fields map[string]any

const (
	text      = "string"
	flag      = "boolean"
	integer   = "integer"
	parameter = "string, number or boolean"
	tensor    = "numbers, strings or booleans, in arrays"
)

var (
	errorObject    = fields{"error": text}
	tensorMeta     = fields{"name": text, "datatype": text, "shape": []any{integer}}
	responseOutput = fields{"name": text, "shape": []any{integer}, "datatype": text, "parameters?": map[string]any{}, "data": tensor}
	inferResponse  = fields{"model_name": text, "model_version?": text, "id?": text, "parameters?": map[string]any{}, "outputs": []any{responseOutput}}
)

// misfit says where a value is not as the type wants it, "" if nowhere.
func misfit(v, want any, at string) string {
	ok := false
	switch want := want.(type) {
	case fields:
		object, is := v.(map[string]any)
		if !is {
			break
		}
		known := map[string]bool{}
		for name, kind := range want {
			name, optional := strings.CutSuffix(name, "?")
			known[name] = true
			field, there := object[name]
			if !there && !optional {
				return at + "." + name + " is missing"
			}
			if there {
				if says := misfit(field, kind, at+"."+name); says != "" {
					return says
				}
			}
		}
		for name := range object {
			if !known[name] {
				return at + "." + name + " is not of the protocol"
			}
		}
		return ""
	case []any:
		list, is := v.([]any)
		for i, e := range list {
			if says := misfit(e, want[0], fmt.Sprintf("%s[%d]", at, i)); says != "" {
				return says
			}
		}
		ok = is
	case map[string]any: // parameters
		object, is := v.(map[string]any)
		for name, p := range object {
			if says := misfit(p, parameter, at+"."+name); says != "" {
				return says
			}
		}
		ok = is
	case string:
		switch v := v.(type) {
		case string:
			ok = want == text || want == parameter
		case bool:
			ok = want == flag || want == parameter
		case json.Number:
			_, err := strconv.ParseInt(v.String(), 10, 64)
			ok = want == parameter || want == integer && err == nil
		case []any:
			if want != tensor {
				break
			}
			for i, e := range v {
				kind := any(parameter)
				if _, nested := e.([]any); nested {
					kind = tensor
				}
				if says := misfit(e, kind, fmt.Sprintf("%s[%d]", at, i)); says != "" {
					return says
				}
			}
			ok = true
		}
	}
	if !ok {
		return fmt.Sprintf("%s is %v: want %v", at, v, want)
	}
	return ""
}

// Each path of the Open Inference Protocol, with and without the version, has the answer of the protocol's document: its
// status, its type, all its fields and no others but those that stand here.
func TestEachPathIsAsTheProtocolHasIt(t *testing.T) {
	loaded := loadedServer(t, Config{}, &fake{notice: "drawn for a test"})
	loading := newServer(t, Config{}, &fake{})
	closed := loadedServer(t, Config{Token: "secret"}, &fake{})
	request := []byte(`{"id": "1", "inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "data": ` + repeated("9", 1) + `}]}`)
	ready := fields{"name": text, "ready": flag}
	metadata := fields{"name": text, "versions?": []any{text}, "platform": text, "inputs": []any{tensorMeta}, "outputs": []any{tensorMeta},
		"parameters?": map[string]any{}}
	for _, c := range []struct {
		s      *Server
		status int
		method string
		path   string
		body   []byte
		want   fields
	}{
		{loaded, 200, "GET", "/v2/health/live", nil, fields{"live": flag}},
		{loading, 200, "GET", "/v2/health/live", nil, fields{"live": flag}},
		{loaded, 200, "GET", "/v2/health/ready", nil, fields{"live": flag, "ready": flag}}, // KServe's client asks for ready
		{loading, 503, "GET", "/v2/health/ready", nil, fields{"live": flag, "ready": flag}},
		{loaded, 200, "GET", "/v2", nil, fields{"name": text, "version": text, "extensions": []any{text}}},
		{loaded, 200, "GET", "/v2/", nil, fields{"name": text, "version": text, "extensions": []any{text}}},
		{closed, 401, "GET", "/v2", nil, errorObject},
		{loaded, 200, "GET", "/v2/models/steel/ready", nil, ready},
		{loaded, 200, "GET", "/v2/models/steel/versions/1/ready", nil, ready},
		{loading, 503, "GET", "/v2/models/steel/ready", nil, errorObject},
		{loaded, 404, "GET", "/v2/models/iron/ready", nil, errorObject},
		{loaded, 404, "GET", "/v2/models/steel/versions/2/ready", nil, errorObject},
		{loaded, 200, "GET", "/v2/models/steel", nil, metadata},
		{loaded, 200, "GET", "/v2/models/steel/versions/1", nil, metadata},
		{loaded, 404, "GET", "/v2/models/iron", nil, errorObject},
		{loaded, 404, "GET", "/v2/models/steel/versions/one", nil, errorObject},
		{closed, 401, "GET", "/v2/models/steel", nil, errorObject},
		{loaded, 200, "POST", "/v2/models/steel/infer", request, inferResponse},
		{loaded, 200, "POST", "/v2/models/steel/versions/1/infer", request, inferResponse},
		{loaded, 400, "POST", "/v2/models/steel/infer", []byte("{}"), errorObject},
		{loaded, 404, "POST", "/v2/models/iron/infer", request, errorObject},
		{loaded, 404, "POST", "/v2/models/steel/versions/0/infer", request, errorObject},
		{loading, 503, "POST", "/v2/models/steel/infer", request, errorObject},
		{closed, 401, "POST", "/v2/models/steel/infer", request, errorObject},
		{loaded, 405, "GET", "/v2/models/steel/infer", nil, errorObject},
		{loaded, 405, "POST", "/v2/models/steel", nil, errorObject},
		{loaded, 405, "OPTIONS", "/v2/health/live", nil, errorObject},
		{loaded, 404, "GET", "/v2/model/steel", nil, errorObject},
	} {
		w := ask(c.s, c.method, c.path, c.body)
		d := json.NewDecoder(w.Body)
		d.UseNumber()
		var got any
		err := d.Decode(&got)
		if w.Code != c.status || w.Header().Get("Content-Type") != "application/json" || err != nil || d.More() {
			t.Errorf("%s %s: %d instead of %d, %s: %v", c.method, c.path, w.Code, c.status, w.Header().Get("Content-Type"), err)
		} else if says := misfit(got, c.want, "the answer"); says != "" {
			t.Errorf("%s %s: %s", c.method, c.path, says)
		}
	}
	var about struct{ Platform string }
	if err := json.Unmarshal(ask(loaded, "GET", "/v2/models/steel", nil).Body.Bytes(), &about); err != nil {
		t.Fatal(err)
	}
	if project, format, ok := strings.Cut(about.Platform, "_"); !ok || project == "" || format == "" {
		t.Errorf("the platform is %q: want PROJECT_FORMAT", about.Platform)
	}
}

// The forms that the protocol's examples have, with this server's tensors: an id, parameters of each type, data that is
// nested or flat whatever the shape, outputs that are named, in that order.
func TestRequestsOfTheProtocolsForms(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	one := base64.StdEncoding.EncodeToString(grey(t, "png", 7, 3, 100))
	two := base64.StdEncoding.EncodeToString(grey(t, "png", 3, 7, 200))
	for _, c := range []struct {
		about, request string
		id             any
		outputs        map[string][]int // shapes
	}{
		{"no id, no outputs", `"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "data": ` + nestedPixels("7") + `}]`,
			nil, map[string][]int{"probabilities": {1, 3}, "class": {1}}},
		{"an empty id", `"id": "", "inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "data": ` + repeated("7", 1) + `}]`,
			"", map[string][]int{"probabilities": {1, 3}, "class": {1}}},
		{"parameters everywhere", `"id": "é\u0000\"", "parameters": {"sequence_id": 7, "start": true, "rate": 0.5, "user": "x"}, "inputs": [
			{"name": "image", "parameters": {"content_type": "np", "n": 1}, "shape": [2, 4, 4, 3], "datatype": "FP32", "data": ` + repeated("7.5", 2) + `}],
			"outputs": [{"name": "class", "parameters": {"content_type": "str", "priority": 2}}]`,
			"é\x00\"", map[string][]int{"class": {2}}},
		{"null for what may be missing", `"id": null, "parameters": null, "outputs": null, "inputs": [
			{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "parameters": null, "data": ` + repeated("7", 1) + `}]`,
			nil, map[string][]int{"probabilities": {1, 3}, "class": {1}}},
		{"no outputs in a list", `"outputs": [], "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["` + one + `"]}]`,
			nil, map[string][]int{"probabilities": {1, 3}, "class": {1}}},
		{"images of [n]", `"id": "42", "inputs": [{"name": "image", "shape": [2], "datatype": "BYTES", "data": ["` + one + `", "` + two + `"]}]`,
			"42", map[string][]int{"probabilities": {2, 3}, "class": {2}}},
		{"images of [n, 1], nested", `"inputs": [{"name": "image", "shape": [2, 1], "datatype": "BYTES", "data": [["` + one + `"], ["` + two + `"]]}]`,
			nil, map[string][]int{"probabilities": {2, 3}, "class": {2}}},
		{"images of [n, 1], flat, as MLServer's codec has them", `"inputs": [{"name": "image", "shape": [2, 1], "datatype": "BYTES",
			"parameters": {"content_type": "base64"}, "data": ["` + one + `", "` + two + `"]}], "outputs": [{"name": "class"}, {"name": "probabilities"}]`,
			nil, map[string][]int{"class": {2}, "probabilities": {2, 3}}},
	} {
		w := ask(s, "POST", inferPath, []byte("{"+c.request+"}"))
		d := json.NewDecoder(w.Body)
		d.UseNumber()
		var got map[string]any
		if err := d.Decode(&got); err != nil || w.Code != 200 {
			t.Errorf("%s: %d, %v %v", c.about, w.Code, err, got)
			continue
		}
		if says := misfit(any(got), inferResponse, "the answer"); says != "" || got["id"] != c.id {
			t.Errorf("%s: the id is %v; %s", c.about, got["id"], says)
			continue
		}
		shapes := map[string][]int{}
		for _, o := range got["outputs"].([]any) {
			o, n, shape := o.(map[string]any), 1, []int(nil)
			for _, dim := range o["shape"].([]any) {
				size, _ := strconv.Atoi(dim.(json.Number).String())
				n, shape = n*size, append(shape, size)
			}
			if len(o["data"].([]any)) != n {
				t.Errorf("%s: %s has %d values, its shape is %v", c.about, o["name"], len(o["data"].([]any)), shape)
			}
			shapes[o["name"].(string)] = shape
		}
		if !reflect.DeepEqual(shapes, c.outputs) {
			t.Errorf("%s: outputs %v instead of %v", c.about, shapes, c.outputs)
		}
	}
}

// A tensor of each datatype of the protocol is computed, or refused with the names of those that are.
func TestEachDatatypeOfTheProtocol(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	for datatype, size := range map[string]int{"BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2,
		"INT32": 4, "INT64": 8, "FP16": 2, "FP32": 4, "FP64": 8, "BF16": 2, "uint8": 1, "": 1} {
		head := fmt.Sprintf(`{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": %q, "parameters": {"binary_data_size": %d}}]}`,
			datatype, 48*size)
		w := binaryRequest(s, head, make([]byte, 48*size))
		if datatype == "UINT8" || datatype == "FP32" {
			if w.Code != 200 {
				t.Errorf("%s: %d %s", datatype, w.Code, w.Body)
			}
			continue
		}
		refused(t, w, 400, "as UINT8 or FP32, or encoded images as BYTES")
	}
}
