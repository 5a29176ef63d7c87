package serve

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"time"
)

// The names of tensors, the same for all models, so that clients need not change with them.
const (
	imageName         = "image"         // UINT8 or FP32 [n, height, width, channels] of 0…255, or BYTES [n] of encoded images
	probabilitiesName = "probabilities" // FP32 [n, classes]
	className         = "class"         // BYTES [n]: of the largest probability
)

const platform = "gomlx_classifier" // PROJECT_FORMAT

type tensorMetadata struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

// serverVersion is that of the module, as far as it is known.
func serverVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func (s *Server) serverMetadata(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, struct {
		Name       string   `json:"name"`
		Version    string   `json:"version"`
		Extensions []string `json:"extensions"`
	}{"defects", serverVersion(), []string{"binary_tensor_data", "classification", "model_repository", "model_configuration"}})
}

// live answers as long as the program does.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

func (s *Server) readiness(w http.ResponseWriter, _ *http.Request) error {
	status := http.StatusOK
	ready := s.ready()
	if !ready {
		status = http.StatusServiceUnavailable
	}
	return writeJSON(w, status, map[string]bool{"live": true, "ready": ready})
}

func (s *Server) modelReady(w http.ResponseWriter, r *http.Request) error {
	l, done, err := s.take(r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		return err
	}
	defer done()
	return writeJSON(w, http.StatusOK, map[string]any{"name": l.name, "ready": true})
}

func (s *Server) modelMetadata(w http.ResponseWriter, r *http.Request) error {
	l, done, err := s.take(r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		return err
	}
	defer done()
	a := l.about()
	return writeJSON(w, http.StatusOK, struct {
		Name       string            `json:"name"`
		Versions   []string          `json:"versions"`
		Platform   string            `json:"platform"`
		Inputs     []tensorMetadata  `json:"inputs"`
		Outputs    []tensorMetadata  `json:"outputs"`
		Parameters map[string]string `json:"parameters,omitempty"`
	}{l.name, []string{l.version}, platform,
		[]tensorMetadata{{imageName, uint8Type, append([]int{-1}, a.shape...)}},
		[]tensorMetadata{{probabilitiesName, fp32Type, []int{-1, len(a.classes)}}, {className, bytesType, []int{-1}}},
		a.parameters(a.notice)})
}

// parameters are what the protocol has no other place for.
func (a about) parameters(notice string) map[string]string {
	parameters := map[string]string{}
	if notice != "" {
		parameters["notice"] = notice
	}
	if a.labels {
		parameters["multi_label"] = "true"
	}
	return parameters
}

type tensorConfig struct {
	Name     string `json:"name"`
	DataType string `json:"data_type"`
	Dims     []int  `json:"dims"`
}

// modelConfig is what Triton's load generator asks for: the batch is no dimension of the tensors.
func (s *Server) modelConfig(w http.ResponseWriter, r *http.Request) error {
	l, done, err := s.take(r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		return err
	}
	defer done()
	a := l.about()
	return writeJSON(w, http.StatusOK, map[string]any{
		"name": l.name, "platform": platform, "backend": "", "max_batch_size": min(l.queue, l.most),
		"input": []tensorConfig{{imageName, "TYPE_UINT8", a.shape}},
		"output": []tensorConfig{{probabilitiesName, "TYPE_FP32", []int{len(a.classes)}},
			{className, "TYPE_STRING", []int{}}},
		"dynamic_batching": map[string]any{"preferred_batch_size": []int{l.step},
			"max_queue_delay_microseconds": max(l.delay.Microseconds(), 0)},
	})
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) error {
	var asked struct {
		Ready bool `json:"ready"`
	}
	body, release, err := s.body(w, r)
	defer release()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &asked); err != nil && len(body) > 0 {
		return wrong("the request is no JSON object as in {\"ready\": true}: %v", err)
	}
	type model struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
		State   string `json:"state"`
		Reason  string `json:"reason"`
	}
	models := []model{}
	for _, e := range s.entries {
		e.mutex.Lock()
		m := model{Name: e.name, State: "UNAVAILABLE", Reason: e.reason}
		switch {
		case e.now != nil:
			m.Version, m.State = e.now.version, "READY"
		case e.reason == "":
			m.State = "LOADING"
		}
		e.mutex.Unlock()
		if m.State == "READY" || !asked.Ready {
			models = append(models, m)
		}
	}
	return writeJSON(w, http.StatusOK, models)
}

// mayControl refuses what everybody could do where there is no token.
func (s *Server) mayControl() error {
	if s.config.Token == "" {
		return &failure{http.StatusForbidden, "models are loaded and unloaded over the network only where the server has a token"}
	}
	return nil
}

// loadModel reads a model again from where it was read before. What else a client asks for, such as another
// configuration, is refused.
func (s *Server) loadModel(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayControl(); err != nil {
		return err
	}
	var asked struct {
		Parameters map[string]json.RawMessage `json:"parameters"`
	}
	body, release, err := s.body(w, r)
	defer release()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &asked); err != nil && len(body) > 0 {
		return wrong("the request is no JSON object: %v", err)
	}
	if len(asked.Parameters) > 0 {
		return wrong("a model is loaded from the file or run that the server was started with: send no parameters")
	}
	c := http.NewResponseController(w)
	if err := c.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) { // it takes as long as it takes
		return err
	}
	err = s.Load(r.Context(), r.PathValue("model"))
	if e := c.SetWriteDeadline(time.Now().Add(s.patience.answer)); !errors.Is(e, http.ErrNotSupported) {
		err = errors.Join(err, e)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct{}{})
}

func (s *Server) unloadModel(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayControl(); err != nil {
		return err
	}
	io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, s.config.MaxBody)) // unload_dependents: there are none
	if err := s.Unload(r.PathValue("model")); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct{}{})
}
