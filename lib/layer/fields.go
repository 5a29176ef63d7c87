package layer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// Fields reads the configuration of one layer of a Keras file. Every field must be asked for: Rest reports those that
// nobody knows, so that no setting is silently ignored.
type Fields struct {
	Layer    string   // name and class, for errors
	Problems []string // what is wrong with it
	Notes    []string // what a user should know
	values   map[string]json.RawMessage
	asked    map[string]bool
}

// NewFields begins to read the configuration of a layer of this name and class.
func NewFields(name, class string, config json.RawMessage) *Fields {
	f := &Fields{Layer: fmt.Sprintf("%s (%s)", name, class), asked: map[string]bool{}}
	if err := json.Unmarshal(config, &f.values); err != nil {
		f.Fail("its config is no object")
	}
	if f.values == nil {
		f.values = map[string]json.RawMessage{}
	}
	return f
}

// Take adds settings that stand elsewhere, such as the options of a call.
func (f *Fields) Take(settings map[string]json.RawMessage) { maps.Copy(f.values, settings) }

// Fail notes a problem.
func (f *Fields) Fail(format string, args ...any) {
	f.Problems = append(f.Problems, "layer "+f.Layer+": "+fmt.Sprintf(format, args...))
}

// Read decodes a field into to. It reports whether the field is there and not null.
func (f *Fields) Read(name string, to any) bool {
	f.asked[name] = true
	raw, ok := f.values[name]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, to); err != nil {
		f.Fail("%s is %s, which is not understood", name, Short(raw))
		return false
	}
	return true
}

// Need is read for fields that must be there.
func (f *Fields) Need(name string, to any) {
	if !f.Read(name, to) && !f.failed(name) {
		f.Fail("%s is missing", name)
	}
}

func (f *Fields) failed(name string) bool {
	return slices.ContainsFunc(f.Problems, func(p string) bool { return strings.Contains(p, ": "+name+" ") })
}

// Only accepts the given JSON values of a field, and its absence.
func (f *Fields) Only(name string, accepted ...string) {
	f.asked[name] = true
	raw, ok := f.values[name]
	if !ok || string(raw) == "null" {
		return
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) == nil && slices.Contains(accepted, compact.String()) {
		return
	}
	f.Fail("%s is %s; known here is %s", name, Short(raw), strings.Join(accepted, " or "))
}

// sides reads a number for both sides of a window, or a list of height and width.
func (f *Fields) sides(name string) (sides [2]int) {
	if raw := f.values[name]; len(raw) > 0 && raw[0] == '[' {
		var list []int
		if !f.Read(name, &list) {
			return sides
		}
		if len(list) != 2 {
			f.Fail("%s is %s; it must be height and width", name, Short(raw))
			return sides
		}
		sides = [2]int(list)
	} else {
		f.Need(name, &sides[0])
		sides[1] = sides[0]
	}
	if min(sides[0], sides[1]) < 1 && !f.failed(name) {
		f.Fail("%s is %s; it must be positive", name, Short(f.values[name]))
	}
	return sides
}

// square reads a number, or a list of two equal ones.
func (f *Fields) square(name string) int {
	sides := f.sides(name)
	if sides[0] != sides[1] {
		f.Fail("%s is %s; known here are equal sides", name, Short(f.values[name]))
	}
	return sides[0]
}

func (f *Fields) positive(name string, n *int) {
	f.Need(name, n)
	if *n < 1 && !f.failed(name) {
		f.Fail("%s is %d; it must be positive", name, *n)
	}
}

func (f *Fields) padding() (padding string) {
	f.Only("padding", `"valid"`, `"same"`)
	if !f.failed("padding") {
		f.Read("padding", &padding)
	}
	return padding
}

// without reads a setting that is true by default, such as use_bias, and reports whether it is false.
func (f *Fields) without(name string) bool {
	with := true
	f.Read(name, &with)
	return !with
}

func (f *Fields) channelsLast() { f.Only("data_format", `"channels_last"`) }

// lastAxis checks the axis of a normalization, once the shape of its input is known.
func (f *Fields) lastAxis(in []int) {
	var axis []int
	if raw := f.values["axis"]; json.Unmarshal(raw, &axis) != nil {
		axis = []int{-1}
		json.Unmarshal(raw, &axis[0])
	}
	if len(axis) == 1 && axis[0] != -1 && axis[0] != len(in) {
		f.Fail("axis is %d; known here is the last one, %d or -1", axis[0], len(in))
	}
}

// Ignore names fields that have no influence on what the layer computes.
func (f *Fields) Ignore(names ...string) {
	for _, name := range names {
		f.asked[name] = true
	}
}

// training takes note of fields that act in training alone and have no counterpart here.
func (f *Fields) training(names ...string) {
	for _, name := range names {
		var value json.RawMessage
		if f.Read(name, &value) {
			f.Notes = append(f.Notes, fmt.Sprintf("layer %s: %s is left out: training goes on without it", f.Layer, name))
		}
	}
}

// Common reads what all layers have, and gives whether the layer is trainable.
func (f *Fields) Common() bool {
	trainable := true
	f.Ignore("name", "batch_input_shape", "batch_shape")
	f.Read("trainable", &trainable)
	f.Dtype()
	return trainable
}

// Dtype reads "float32", or {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}.
func (f *Fields) Dtype() {
	var raw json.RawMessage
	if !f.Read("dtype", &raw) {
		return
	}
	var name string
	if json.Unmarshal(raw, &name) != nil {
		var policy struct{ Config struct{ Name string } }
		json.Unmarshal(raw, &policy) // what it does not say is refused below
		name = policy.Config.Name
	}
	switch name {
	case "float32":
	case "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16":
		f.Notes = append(f.Notes, policyNote+name)
	default:
		f.Fail("dtype is %s; known here are floating-point types", Short(raw))
	}
}

// policyNote begins the note on layers that compute in another type; it is given once for a model.
const policyNote = "layers compute in float32 here, in the file with the policy "

// Rest reports the fields that nobody asked for.
func (f *Fields) Rest() {
	var unknown []string
	for name, raw := range f.values {
		if !f.asked[name] {
			unknown = append(unknown, fmt.Sprintf("%s = %s", name, Short(raw)))
		}
	}
	sort.Strings(unknown)
	for _, u := range unknown {
		f.Fail("its setting %s is not known here", u)
	}
}

// Short is JSON for an error: all of it, or its beginning.
func Short(raw []byte) string {
	if len(raw) == 0 {
		return "missing"
	}
	if len(raw) > 60 {
		return string(raw[:57]) + "…"
	}
	return string(raw)
}
