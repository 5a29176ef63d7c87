package layer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Builder appends layers to a List. The first error stays in Err, and later calls do nothing.
type Builder struct {
	List   List
	Values Values   // of nested models; other weights have none yet
	Nested []Nested // the models that Nest put into the list
	Err    error
}

// Nested is a model inside another: the layers from Start up to End of its list, the first of which is its Input. A
// model inside another one follows it.
type Nested struct {
	Name       string
	Start, End int
	Class      string // "Sequential", or "" for a Functional model
	Of         any    // what the model was made from, such as a *backbone.Backbone; nil if nothing else is known of it
}

// Sequential adds layers one after the other, each reading the one before it.
func Sequential(ops ...Op) func(*Builder) {
	return func(b *Builder) {
		for _, op := range ops {
			b.Add("", op)
		}
	}
}

// Nest appends a whole model with its values, in inference mode as Keras's model(x, training=False): its Input passes on
// what the layer before it gives, which must have the same shape. It returns the name of the model's last layer. The
// layers are copied: freezing those of the builder's List leaves the model as it is. One whose name is taken gets that of
// Unused, in the List and in Values; so does a second model of one name.
func (b *Builder) Nest(name string, model List, v Values) string {
	switch {
	case b.Err != nil:
		return ""
	case len(b.List) == 0 || !slices.Equal(b.List.Output(), model[0].Shape):
		b.Err = fmt.Errorf("model %s reads values of shape %v: put a layer before it that gives these", name, model[0].Shape)
		return ""
	}
	n := Nested{Name: b.unusedModel(name), Start: len(b.List)}
	if b.Values == nil {
		b.Values = Values{}
	}
	before := b.Last()
	renamed := map[string]string{}
	for _, original := range model {
		l := *original
		l.Name = b.Unused(original.Name, n.Name)
		renamed[original.Name] = l.Name
		l.Inference = true
		l.Inputs = nil
		for _, input := range original.Inputs {
			name, ok := renamed[input]
			if !ok { // of the model that this one was a part of
				name = before
			}
			l.Inputs = append(l.Inputs, name)
		}
		if len(l.Inputs) == 0 {
			l.Inputs = []string{before}
		}
		b.List = append(b.List, &l)
		if values, ok := v[original.Name]; ok {
			b.Values[l.Name] = values
		}
	}
	n.End = len(b.List)
	b.Nested = append(b.Nested, n)
	return b.Last()
}

// Unused is the name for a layer of a model that is put into the list: its own, or if another layer has that, with the
// model's name and a "_" before it, numbered if that is taken, too.
func (b *Builder) Unused(own, model string) string {
	if b.List.Index(own) < 0 {
		return own
	}
	return numbered(model+"_"+own, func(name string) bool { return b.List.Index(name) >= 0 })
}

// unusedModel is a name that no nested model and no layer has, as Keras demands of what stands side by side.
func (b *Builder) unusedModel(name string) string {
	return numbered(name, func(name string) bool {
		return b.List.Index(name) >= 0 || slices.ContainsFunc(b.Nested, func(n Nested) bool { return n.Name == name })
	})
}

// Add appends a layer and returns its name. Without inputs it reads the layer before it, but one that merges several, such
// as layer.Add, must be told which. An empty name is replaced
// by Keras's automatic one: the class in snake case, numbered from the second on.
func (b *Builder) Add(name string, op Op, inputs ...string) string {
	if b.Err != nil {
		return name
	}
	if name == "" {
		name = b.autoName(op.Class())
	}
	if b.List.Index(name) >= 0 {
		b.Err = fmt.Errorf("layer %q is defined twice: give one of them another name", name)
		return name
	}
	op = complete(op)
	_, isInput := op.(Input)
	if len(inputs) == 0 && !isInput {
		if len(b.List) == 0 {
			b.Err = fmt.Errorf("layer %q has nothing to read: a list begins with an Input", name)
			return name
		}
		if InputsOf(op) == TensorList { // of the layer before it alone, it would be that layer
			b.Err = fmt.Errorf("layer %q (%s) names no layers to read: name all of them, as in Add(\"\", layer.Add{}, x, b.Last())",
				name, op.Class())
			return name
		}
		inputs = []string{b.List[len(b.List)-1].Name}
	}
	l := &Layer{Name: name, Op: op, Inputs: inputs}
	var in [][]int
	for _, i := range inputs {
		at := b.List.Index(i)
		if at < 0 {
			b.Err = fmt.Errorf("layer %q reads %q, which is not defined before it", name, i)
			return name
		}
		in = append(in, b.List[at].Shape)
	}
	if r, ok := op.(resolved); ok {
		op = r.resolve(in)
		l.Op = op
	}
	if l.Shape, b.Err = op.Output(in); b.Err != nil {
		b.Err = fmt.Errorf("layer %q (%s) on inputs of shape %v: %w", name, op.Class(), in, b.Err)
		return name
	}
	l.W = op.Weights(in)
	b.List = append(b.List, l)
	return name
}

// Last is the name of the layer that was added last, "" at the start.
func (b *Builder) Last() string {
	if len(b.List) == 0 {
		return ""
	}
	return b.List[len(b.List)-1].Name
}

// complete fills in Keras's defaults, so that ops that compute the same are equal.
func complete(op Op) Op {
	if d, ok := op.(defaulted); ok {
		return d.withDefaults()
	}
	return op
}

func (b *Builder) autoName(class string) string {
	return numbered(Snake(class), func(name string) bool { return b.List.Index(name) >= 0 })
}

// numbered is a name, or with the first number from 1 on that is not taken.
func numbered(base string, taken func(name string) bool) string {
	name := base
	for n := 1; taken(name); n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}

var (
	wordStart = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	wordEnd   = regexp.MustCompile(`([a-z])([A-Z])`)
)

// Snake turns GlobalAveragePooling2D into global_average_pooling2d, as Keras's to_snake_case does for automatic names.
func Snake(class string) string {
	return strings.ToLower(wordEnd.ReplaceAllString(wordStart.ReplaceAllString(class, "${1}_$2"), "${1}_$2"))
}
