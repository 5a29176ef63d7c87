package serve

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// headerLength is the header that says how much of a body is JSON, where binary tensors follow it.
const headerLength = "Inference-Header-Content-Length"

// inferRequest is the protocol's inference request. Parameters that are not named here are passed over.
type inferRequest struct {
	ID         *string `json:"id"`
	Parameters struct {
		BinaryDataOutput bool `json:"binary_data_output"`
	} `json:"parameters"`
	Inputs  []inputTensor  `json:"inputs"`
	Outputs []wantedOutput `json:"outputs"`
}

type inputTensor struct {
	Name       string          `json:"name"`
	Datatype   string          `json:"datatype"`
	Shape      []int64         `json:"shape"`
	Data       json.RawMessage `json:"data"`
	Parameters struct {
		BinaryDataSize *int64 `json:"binary_data_size"`
		SharedMemory   string `json:"shared_memory_region"`
	} `json:"parameters"`
	binary []byte    // instead of Data
	flat   []float32 // the values of pixels, once they are read
	notice string    // what must be said of encoded images, once they are read
}

type wantedOutput struct {
	Name       string `json:"name"`
	Parameters struct {
		BinaryData     *bool  `json:"binary_data"`
		Classification *int   `json:"classification"`
		SharedMemory   string `json:"shared_memory_region"`
	} `json:"parameters"`
}

// infer answers the protocol's inference request.
func (s *Server) infer(w http.ResponseWriter, r *http.Request) error {
	body, release, err := s.body(w, r)
	defer release()
	if err != nil {
		return err
	}
	l, done, err := s.take(r.PathValue("model"), r.PathValue("version")) // now, so that slow clients keep no model that was replaced
	if err != nil {
		return err
	}
	defer done()
	request, err := parseInfer(body, r.Header.Get(headerLength))
	if err != nil {
		return err
	}
	outputs, err := request.wanted()
	if err != nil {
		return err
	}
	in, n, err := request.input(l.about())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Timeout)
	defer cancel()
	probabilities, err := s.predict(ctx, l, n, func() ([][]float32, error) { return s.pixels(ctx, in, n, l.about()) })
	if err != nil {
		return err
	}
	if in.flat != nil { // after an error somebody may still read it
		s.rooms.Put(&in.flat)
	}
	return request.answer(w, l, outputs, probabilities)
}

// predict admits n images, has them made, and computes them.
func (s *Server) predict(ctx context.Context, l *loaded, n int, pixels func() ([][]float32, error)) ([][]float32, error) {
	if err := l.admit(n); err != nil {
		return nil, err
	}
	computed := false
	defer func() {
		if !computed { // also after a panic
			l.release(n)
		}
	}()
	images, err := pixels()
	if err != nil {
		return nil, err
	}
	computed = true // which releases them one by one
	return l.batcher.predict(ctx, images)
}

// parseInfer reads a request; length is the header's value, "" if there are no binary tensors.
func parseInfer(body []byte, length string) (*inferRequest, error) {
	head, rest := body, []byte(nil)
	if length != "" {
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil || n < 0 || n > int64(len(body)) {
			return nil, wrong("%s is %q: give the bytes of the JSON at the beginning of the body, which has %d", headerLength, length,
				len(body))
		}
		head, rest = body[:n], body[n:]
	}
	var request inferRequest
	if err := json.Unmarshal(head, &request); err != nil {
		return nil, wrong("the request is no inference request in JSON: %v", err)
	}
	for i := range request.Inputs {
		in := &request.Inputs[i]
		size := in.Parameters.BinaryDataSize
		switch {
		case in.Parameters.SharedMemory != "":
			return nil, wrong("input %s: shared memory is not served: send the data", in.Name)
		case size == nil:
			continue
		case *size < 0 || *size > int64(len(rest)):
			return nil, wrong("input %s: binary_data_size is %d, but %d bytes follow the JSON; %s says where it ends", in.Name, *size,
				len(rest), headerLength)
		case len(in.Data) > 0:
			return nil, wrong("input %s has both data and binary_data_size: send one of them", in.Name)
		}
		in.binary, rest = rest[:*size:*size], rest[*size:]
	}
	if len(rest) > 0 {
		return nil, wrong("%d bytes follow the JSON and the binary tensors: correct %s and binary_data_size", len(rest), headerLength)
	}
	return &request, nil
}

// wanted gives the outputs to answer with: all of them if none is named.
func (r *inferRequest) wanted() ([]wantedOutput, error) {
	if len(r.Outputs) == 0 {
		return []wantedOutput{{Name: probabilitiesName}, {Name: className}}, nil
	}
	var names []string
	for _, o := range r.Outputs {
		k := o.Parameters.Classification
		switch {
		case o.Name != probabilitiesName && o.Name != className:
			return nil, wrong("there is no output %q: ask for %s or %s", o.Name, probabilitiesName, className)
		case slices.Contains(names, o.Name):
			return nil, wrong("output %s is wanted twice", o.Name)
		case o.Parameters.SharedMemory != "":
			return nil, wrong("output %s: shared memory is not served", o.Name)
		case k != nil && (o.Name != probabilitiesName || *k < 1):
			return nil, wrong("output %s: classification %d: ask for 1 or more classes of %s", o.Name, *k, probabilitiesName)
		}
		names = append(names, o.Name)
	}
	return r.Outputs, nil
}
