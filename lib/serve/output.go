package serve

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// outputTensor is a tensor of the answer.
type outputTensor struct {
	Name       string         `json:"name"`
	Datatype   string         `json:"datatype"`
	Shape      []int          `json:"shape"`
	Parameters map[string]int `json:"parameters,omitempty"`
	Data       any            `json:"data,omitempty"`
}

// answer sends the outputs: JSON, and after it those that are wanted as binary tensors.
func (r *inferRequest) answer(w http.ResponseWriter, l *loaded, outputs []wantedOutput, probabilities [][]float32) error {
	response := struct {
		ModelName    string            `json:"model_name"`
		ModelVersion string            `json:"model_version"`
		ID           *string           `json:"id,omitempty"`
		Parameters   map[string]string `json:"parameters,omitempty"`
		Outputs      []outputTensor    `json:"outputs"`
	}{l.name, l.version, r.ID, l.about().parameters(notice.Join(l.about().notice, r.Inputs[0].notice)), nil}
	var binary []byte
	for _, o := range outputs {
		values := valuesOf(o, l.about().classes, probabilities)
		t := outputTensor{Name: o.Name, Datatype: values.datatype(), Shape: values.shape()}
		asBinary := r.Parameters.BinaryDataOutput
		if o.Parameters.BinaryData != nil {
			asBinary = *o.Parameters.BinaryData
		}
		if asBinary {
			before := len(binary)
			binary = values.appendBinary(binary)
			t.Parameters = map[string]int{"binary_data_size": len(binary) - before}
		} else {
			t.Data = values.flat()
		}
		response.Outputs = append(response.Outputs, t)
	}
	if binary == nil {
		return writeJSON(w, http.StatusOK, response)
	}
	head, err := json.Marshal(response)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set(headerLength, strconv.Itoa(len(head)))
	h.Set("Content-Length", strconv.Itoa(len(head)+len(binary)))
	w.WriteHeader(http.StatusOK)
	w.Write(append(head, binary...)) // to a client that has gone, nothing can be said
	return nil
}

// classified is the classification extension's "value:index:label" of the k largest probabilities.
func classified(row []float32, k int, classes []string) []string {
	order := make([]int, len(row))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(row[b], row[a]) })
	var out []string
	for _, i := range order[:min(k, len(order))] {
		out = append(out, fmt.Sprintf("%s:%d:%s", strconv.FormatFloat(float64(row[i]), 'g', -1, 32), i, classes[i]))
	}
	return out
}

// values are those of an output, in rows.
type values struct {
	numbers [][]float32
	strings [][]string // instead of numbers
	vector  bool       // one string per row: of shape [n]
}

// valuesOf gives what an output holds.
func valuesOf(o wantedOutput, classes []string, probabilities [][]float32) values {
	k := o.Parameters.Classification
	if o.Name == probabilitiesName && k == nil {
		return values{numbers: probabilities}
	}
	v := values{vector: o.Name == className}
	for _, row := range probabilities {
		if v.vector {
			v.strings = append(v.strings, []string{classes[largest(row)]})
		} else {
			v.strings = append(v.strings, classified(row, *k, classes))
		}
	}
	return v
}

func largest(row []float32) int {
	return slices.Index(row, slices.Max(row))
}

func (v values) datatype() string {
	if v.strings != nil {
		return bytesType
	}
	return fp32Type
}

func (v values) shape() []int {
	switch {
	case v.vector:
		return []int{len(v.strings)}
	case v.strings != nil:
		return []int{len(v.strings), len(v.strings[0])}
	}
	return []int{len(v.numbers), len(v.numbers[0])}
}

func (v values) flat() any {
	if v.strings != nil {
		return slices.Concat(v.strings...)
	}
	return slices.Concat(v.numbers...)
}

func (v values) appendBinary(out []byte) []byte {
	for _, s := range slices.Concat(v.strings...) {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(s)))
		out = append(out, s...)
	}
	for _, x := range slices.Concat(v.numbers...) {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}
