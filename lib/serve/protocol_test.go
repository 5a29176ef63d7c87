package serve

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestHealthAndMetadata(t *testing.T) {
	s := newServer(t, Config{}, &fake{})
	var live, ready map[string]bool
	answered(t, ask(s, "GET", "/v2/health/live", nil), 200, &live)
	answered(t, ask(s, "GET", "/v2/health/ready", nil), 503, &ready)
	if !live["live"] || ready["ready"] {
		t.Errorf("before a model is there: %v %v", live, ready)
	}
	refused(t, ask(s, "GET", "/v2/models/steel/ready", nil), 503, "being read")
	refused(t, ask(s, "POST", "/v2/models/steel/infer", nil), 503, "being read")
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	answered(t, ask(s, "GET", "/v2/health/ready", nil), 200, &ready)
	for path, want := range map[string]string{
		"/v2/models/steel/ready":            `{"name": "steel", "ready": true}`,
		"/v2/models/steel/versions/1/ready": `{"name": "steel", "ready": true}`,
		"/v2/models/steel": `{"name": "steel", "versions": ["1"], "platform": "gomlx_classifier",
			"inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 4, 4, 3]}],
			"outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
				{"name": "class", "datatype": "BYTES", "shape": [-1]}]}`,
		"/v2/models/steel/config": `{"name": "steel", "platform": "gomlx_classifier", "backend": "", "max_batch_size": 32,
			"input": [{"name": "image", "data_type": "TYPE_UINT8", "dims": [4, 4, 3]}],
			"output": [{"name": "probabilities", "data_type": "TYPE_FP32", "dims": [3]},
				{"name": "class", "data_type": "TYPE_STRING", "dims": []}],
			"dynamic_batching": {"preferred_batch_size": [4], "max_queue_delay_microseconds": 2000}}`,
	} {
		var got, wanted any
		answered(t, ask(s, "GET", path, nil), 200, &got)
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: %v", path, got)
		}
	}
	for _, path := range []string{"/v2", "/v2/"} {
		var about struct {
			Name, Version string
			Extensions    []string
		}
		answered(t, ask(s, "GET", path, nil), 200, &about)
		if about.Name != "defects" || about.Version == "" || !strings.Contains(strings.Join(about.Extensions, " "), "binary_tensor_data") {
			t.Errorf("%s: %+v", path, about)
		}
	}
	refused(t, ask(s, "GET", "/v2/models/iron", nil), 404, `no model "iron"`)
	refused(t, ask(s, "GET", "/v2/models/steel/versions/2", nil), 404, "has version 1, not 2")
	refused(t, ask(s, "GET", "/v2/models/steel/nothing", nil), 404, "GET /v2 tells")
	w := ask(s, "GET", "/v2/models/steel/infer", nil)
	refused(t, w, 405, "Method Not Allowed")
	if w.Header().Get("Allow") != "POST" {
		t.Errorf("allowed: %q", w.Header().Get("Allow"))
	}
}

func TestRepository(t *testing.T) {
	old := &fake{}
	s := loadedServer(t, Config{Token: "secret"}, old, &fake{}, &fake{})
	control := func(path, body string) (status int) {
		return ask(s, "POST", path, []byte(body), "Authorization", "Bearer secret").Code
	}
	index := func(body string) (models []map[string]string) {
		answered(t, ask(s, "POST", "/v2/repository/index", []byte(body), "Authorization", "bearer secret"), 200, &models)
		return models
	}
	if got := index(""); len(got) != 1 || got[0]["name"] != "steel" || got[0]["version"] != "1" || got[0]["state"] != "READY" {
		t.Errorf("index %v", got)
	}
	if got := control("/v2/repository/models/steel/load", "{}"); got != 200 {
		t.Errorf("load: %d", got)
	}
	s.retiring.Wait()
	if got := index(`{"ready": true}`); got[0]["version"] != "2" || !old.closed.Load() {
		t.Errorf("after loading again: %v, the old one is closed: %v", got, old.closed.Load())
	}
	if got := control("/v2/repository/models/steel/unload", `{"parameters": {"unload_dependents": false}}`); got != 200 {
		t.Errorf("unload: %d", got)
	}
	if got := index(""); got[0]["state"] != "UNAVAILABLE" || got[0]["reason"] != "unloaded" || len(index(`{"ready": true}`)) != 0 {
		t.Errorf("after unloading: %v", got)
	}
	for path, status := range map[string]int{"/v2/repository/models/iron/load": 404, "/v2/repository/models/iron/unload": 404,
		"/v2/repository/models/steel/load": 200} {
		if got := control(path, ""); got != status {
			t.Errorf("%s: %d instead of %d", path, got, status)
		}
	}
	if got := control("/v2/repository/models/steel/load", `{"parameters": {"config": "{}"}}`); got != 400 {
		t.Errorf("load with another configuration: %d", got)
	}
	if got := control("/v2/repository/index", `[]`); got != 400 {
		t.Errorf("index of a list: %d", got)
	}
}

// A model that cannot be read leaves the one that answers.
func TestFailedLoadKeepsTheLastModel(t *testing.T) {
	bad := &fake{fails: errors.New("the weights are not numbers")}
	s := loadedServer(t, Config{}, &fake{}, bad)
	if err := s.Load(t.Context(), "steel"); err == nil || !strings.Contains(err.Error(), "model steel: the weights") {
		t.Fatal(err)
	}
	var a classification
	answered(t, ask(s, "POST", "/classify", grey(t, "png", 2, 2, 0)), 200, &a)
	var models []map[string]string
	answered(t, ask(s, "POST", "/v2/repository/index", nil), 200, &models)
	if a.Version != "1" || models[0]["state"] != "READY" || !strings.Contains(models[0]["reason"], "not numbers") || !bad.closed.Load() {
		t.Errorf("version %s answers, %v, the bad one is closed: %v", a.Version, models, bad.closed.Load())
	}
}

func TestTokenIsAskedOfAllButProbesAndThePage(t *testing.T) {
	s := loadedServer(t, Config{Token: "secret"}, &fake{})
	for _, path := range []string{"/", "/v2/health/live", "/v2/health/ready"} {
		if got := ask(s, "GET", path, nil).Code; got != 200 {
			t.Errorf("%s: %d", path, got)
		}
	}
	for _, header := range []string{"", "secret", "Bearer", "Bearer wrong", "Basic secret", "Bearer secret "} {
		for _, path := range []string{"/v2", "/metrics", "/v2/models/steel"} {
			w := ask(s, "GET", path, nil, "Authorization", header)
			refused(t, w, 401, "Authorization: Bearer TOKEN")
			if w.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Error("no challenge")
			}
		}
	}
	if got := ask(s, "GET", "/v2", nil, "Authorization", "Bearer secret").Code; got != 200 {
		t.Errorf("with the token: %d", got)
	}
	open := loadedServer(t, Config{}, &fake{})
	refused(t, ask(open, "POST", "/v2/repository/models/steel/unload", nil), 403, "only where the server has a token")
	refused(t, ask(open, "POST", "/v2/repository/models/steel/load", nil), 403, "only where the server has a token")
}

func TestMetrics(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	ask(s, "POST", "/classify", grey(t, "png", 2, 2, 0))
	ask(s, "POST", "/classify", nil)
	ask(s, "GET", "/none", nil)
	text := ask(s, "GET", "/metrics", nil).Body.String()
	for _, line := range []string{
		`defects_requests_total{route="POST /classify",status="200"} 1`,
		`defects_requests_total{route="POST /classify",status="400"} 1`,
		`defects_requests_total{route="none",status="404"} 1`,
		`defects_batch_images_count{model="steel"} 1`,
		`defects_images_in_hand{model="steel"} 0`,
		`defects_model_loaded{model="steel",version="1"} 1`,
		"go_goroutines ",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %s", line)
		}
	}
}
