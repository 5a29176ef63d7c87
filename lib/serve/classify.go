package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// classification is the answer to POST /classify.
type classification struct {
	Model         string    `json:"model"`
	Version       string    `json:"version"`
	Class         string    `json:"class"`                 // of the largest probability
	Probability   float32   `json:"probability"`           // of Class
	Unsure        bool      `json:"unsure"`                // see Config.Unsure: let a person look
	MultiLabel    bool      `json:"multi_label,omitempty"` // an image may have several classes or none: each has a probability of its own
	Labels        *[]string `json:"labels,omitempty"`      // if MultiLabel: the classes of at least one half
	Classes       []string  `json:"classes"`
	Probabilities []float32 `json:"probabilities"`     // in the order of Classes
	Overlay       string    `json:"overlay,omitempty"` // where the model looked, drawn on the image: a data URI of a PNG
	Method        string    `json:"method,omitempty"`  // of Overlay
	Notice        string    `json:"notice,omitempty"`  // what must be said with the result
}

// classify takes one image, as the body or as a file of a form. ?model=NAME chooses a model, ?gradcam=1 wants the overlay.
func (s *Server) classify(w http.ResponseWriter, r *http.Request) error {
	name := s.entries[0].name
	if asked := r.URL.Query().Get("model"); asked != "" {
		name = asked
	}
	data, release, err := s.image(w, r)
	defer release()
	if err != nil {
		return err
	}
	l, done, err := s.take(name, "") // now, so that slow clients keep no model that was replaced
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Timeout)
	defer cancel()
	draw := r.URL.Query().Get("gradcam") != "" && r.URL.Query().Get("gradcam") != "0"
	if draw {
		select {
		case s.drawing <- struct{}{}:
			defer func() { <-s.drawing }()
		default:
			return errBusy
		}
	}
	a := l.about()
	var image decoded
	rows, err := s.predict(ctx, l, 1, func() (_ [][]float32, err error) {
		image, err = s.decode(ctx, data, "the image", a, draw)
		return [][]float32{image.pixels}, err
	})
	if err != nil {
		return err
	}
	best := largest(rows[0])
	c := classification{Model: l.name, Version: l.version, Class: a.classes[best], Probability: rows[0][best], Classes: a.classes,
		Probabilities: rows[0], Notice: notice.Join(a.notice, image.notice)}
	c.judge(a.labels, s.config.Unsure)
	if draw {
		heat, method, part, err := l.explain(ctx, image.pixels)
		if err != nil {
			return err
		}
		c.Method = method
		if c.Overlay, err = overlay(image.picture, heat, part); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, c)
}

// judge says which labels an image has, and whether a person should look.
func (c *classification) judge(labels bool, unsure float64) {
	if c.MultiLabel = labels; !labels {
		c.Unsure = float64(c.Probability) < unsure
		return
	}
	c.Labels = &[]string{}
	for i, p := range c.Probabilities {
		if p >= 0.5 {
			*c.Labels = append(*c.Labels, c.Classes[i])
		}
		c.Unsure = c.Unsure || float64(max(p, 1-p)) < unsure
	}
}

// image gives the encoded image of a request.
func (s *Server) image(w http.ResponseWriter, r *http.Request) (data []byte, release func(), err error) {
	body, release, err := s.body(w, r)
	if err != nil {
		return nil, release, err
	}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		body, err = onlyFile(multipart.NewReader(bytes.NewReader(body), parameters["boundary"]))
		if err != nil {
			return nil, release, err
		}
	}
	if len(body) == 0 {
		return nil, release, wrong("no image: send a JPEG, PNG or BMP as the body, or as a file of a form")
	}
	return body, release, nil
}

// onlyFile is the one file of a form. Its other fields are passed over.
func onlyFile(form *multipart.Reader) (file []byte, err error) {
	found := false
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, wrong("the form cannot be read: %v", err)
		}
		if part.FileName() == "" {
			continue
		}
		if found {
			return nil, wrong("more than one image: send one at a time, or several by the inference protocol")
		}
		if file, err = io.ReadAll(part); err != nil {
			return nil, wrong("the form cannot be read: %v", err)
		}
		found = true
	}
}
