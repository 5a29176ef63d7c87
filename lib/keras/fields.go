package keras

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// fields reads the configuration of one layer. Every field must be asked for: rest reports those that nobody knows,
// so that no setting is silently ignored.
type fields struct {
	layer    string // name and class, for errors
	values   map[string]json.RawMessage
	asked    map[string]bool
	problems []string
	notes    []string
}

func readFields(name, class string, raw json.RawMessage) *fields {
	f := &fields{layer: fmt.Sprintf("%s (%s)", name, class), asked: map[string]bool{}}
	if err := json.Unmarshal(raw, &f.values); err != nil {
		f.fail("its config is no object")
	}
	return f
}

func (f *fields) fail(format string, args ...any) {
	f.problems = append(f.problems, "layer "+f.layer+": "+fmt.Sprintf(format, args...))
}

// read decodes a field into to. It reports whether the field is there and not null.
func (f *fields) read(name string, to any) bool {
	f.asked[name] = true
	raw, ok := f.values[name]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, to); err != nil {
		f.fail("%s is %s, which is not understood", name, short(raw))
		return false
	}
	return true
}

// need is read for fields that must be there.
func (f *fields) need(name string, to any) {
	if !f.read(name, to) && !f.failed(name) {
		f.fail("%s is missing", name)
	}
}

func (f *fields) failed(name string) bool {
	return slices.ContainsFunc(f.problems, func(p string) bool { return strings.Contains(p, ": "+name+" ") })
}

// only accepts the given JSON values of a field, and its absence.
func (f *fields) only(name string, accepted ...string) {
	f.asked[name] = true
	raw, ok := f.values[name]
	if !ok || string(raw) == "null" {
		return
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) == nil && slices.Contains(accepted, compact.String()) {
		return
	}
	f.fail("%s is %s; known here is %s", name, short(raw), strings.Join(accepted, " or "))
}

// square reads a number, or a list of two equal ones.
func (f *fields) square(name string) int {
	var n int
	var pair []int
	raw := f.values[name]
	switch {
	case len(raw) > 0 && raw[0] == '[':
		if !f.read(name, &pair) {
			return 0
		}
		if len(pair) != 2 || pair[0] != pair[1] {
			f.fail("%s is %s; known here are equal sides", name, short(raw))
			return 0
		}
		n = pair[0]
	default:
		f.need(name, &n)
	}
	if n < 1 && !f.failed(name) {
		f.fail("%s is %s; it must be positive", name, short(raw))
	}
	return n
}

func (f *fields) positive(name string, n *int) {
	f.need(name, n)
	if *n < 1 && !f.failed(name) {
		f.fail("%s is %d; it must be positive", name, *n)
	}
}

func (f *fields) padding() (padding string) {
	f.only("padding", `"valid"`, `"same"`)
	if !f.failed("padding") {
		f.read("padding", &padding)
	}
	return padding
}

// activation reads the name of a function; "linear" becomes "".
func (f *fields) activation() string {
	name := "linear"
	f.read("activation", &name)
	switch name {
	case "linear":
		return ""
	case "relu", "relu6", "gelu", "softmax":
		return name
	}
	f.fail("activation is %q; known here are \"linear\", \"relu\", \"relu6\", \"gelu\" and \"softmax\"", name)
	return ""
}

// ignore names fields that have no influence on what the layer computes.
func (f *fields) ignore(names ...string) {
	for _, name := range names {
		f.asked[name] = true
	}
}

// training takes note of fields that act in training alone and have no counterpart here.
func (f *fields) training(names ...string) {
	for _, name := range names {
		var value json.RawMessage
		if f.read(name, &value) {
			f.notes = append(f.notes, fmt.Sprintf("layer %s: %s is left out: training goes on without it", f.layer, name))
		}
	}
}

// common reads what all layers have, and gives whether the layer is trainable.
func (f *fields) common() bool {
	trainable := true
	f.ignore("name", "batch_input_shape", "batch_shape")
	f.read("trainable", &trainable)
	f.dtype()
	return trainable
}

// dtype reads "float32", or {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}.
func (f *fields) dtype() {
	var raw json.RawMessage
	if !f.read("dtype", &raw) {
		return
	}
	var name string
	if json.Unmarshal(raw, &name) != nil {
		var policy object
		var config struct{ Name string }
		if json.Unmarshal(raw, &policy) == nil && json.Unmarshal(policy.Config, &config) == nil {
			name = config.Name
		}
	}
	switch name {
	case "float32":
	case "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16":
		f.notes = append(f.notes, policyNote+name)
	default:
		f.fail("dtype is %s; known here are floating-point types", short(raw))
	}
}

// policyNote begins the note on layers that compute in another type; it is given once for a model.
const policyNote = "layers compute in float32 here, in the file with the policy "

// rest reports the fields that nobody asked for.
func (f *fields) rest() {
	var unknown []string
	for name, raw := range f.values {
		if !f.asked[name] {
			unknown = append(unknown, fmt.Sprintf("%s = %s", name, short(raw)))
		}
	}
	sort.Strings(unknown)
	for _, u := range unknown {
		f.fail("its setting %s is not known here", u)
	}
}

func short(raw []byte) string {
	if len(raw) == 0 {
		return "missing"
	}
	if len(raw) > 60 {
		return string(raw[:57]) + "…"
	}
	return string(raw)
}
