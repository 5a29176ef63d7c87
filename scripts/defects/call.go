package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/files"
)

// call is one use of a command: its options, and where its progress goes.
type call struct {
	flags    *flag.FlagSet
	args     []string
	json     bool
	unsaid   foreign
	stderr   io.Writer
	quiet    func()    // ends the signs of work on stderr, for a command that has its own
	commands []command // all that there are
}

func newCall(name string, args []string, stderr io.Writer) *call {
	c := &call{flags: flag.NewFlagSet(name, flag.ContinueOnError), args: args, stderr: stderr, quiet: func() {}}
	c.flags.SetOutput(io.Discard) // execute prints errors and usage
	c.flags.BoolVar(&c.json, "json", false, "print one JSON document")
	return c
}

// usageError is a wrong use of a command, whatever the state of the machine.
type usageError struct{ what string }

func (e *usageError) Error() string { return e.what }

func wrongUse(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// parse reads the options, which may stand before, between and after the other arguments, and returns those. After
// "--" nothing is an option. At most `most` arguments are taken; most < 0 is any number.
func (c *call) parse(least, most int, what string) ([]string, error) {
	var words []string
	for rest := c.args; ; {
		if err := c.flags.Parse(rest); err != nil {
			if err == flag.ErrHelp {
				return nil, err
			}
			return nil, wrongUse("%s", strings.Replace(err.Error(), "flag provided but not defined: -", "unknown option --", 1))
		}
		left := c.flags.Args()
		used := len(rest) - len(left)
		if len(left) == 0 || used > 0 && rest[used-1] == "--" {
			words = append(words, left...)
			break
		}
		words, rest = append(words, left[0]), left[1:]
	}
	switch {
	case len(words) < least:
		return nil, wrongUse("%s missing", what)
	case most >= 0 && len(words) > most:
		return nil, wrongUse("unexpected argument %q", words[most])
	}
	return words, nil
}

// given reports whether the user set an option.
func (c *call) given(name string) bool {
	set := false
	c.flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// refuse is a usage error if the user set one of these options.
func (c *call) refuse(format string, names ...string) error {
	for _, name := range names {
		if c.given(name) {
			return wrongUse(format, name)
		}
	}
	return nil
}

func (c *call) usage(of command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: defects %s %s\n\n%s\n\n", of.name, of.synopsis, of.about)
	c.flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  %-20s%s\n", strings.TrimSpace("--"+f.Name+" "+value), text)
	})
	return b.String()
}

// variantFlags are the options that choose a variant of a backbone. Zero values are the backbone's own.
type variantFlags struct {
	call    *call
	alpha   float64
	variant string
	input   int
	weights string
}

// variant declares --alpha and --variant; withInput adds --input, withWeights --weights.
func (c *call) variant(withInput, withWeights bool) *variantFlags {
	v := &variantFlags{call: c}
	c.flags.Float64Var(&v.alpha, "alpha", 0, "width `A`, "+each(func(n *backbone.Network) string {
		if n.Alphas == nil {
			return ""
		}
		return fmt.Sprintf("of %s one of %v", n.Name, n.Alphas)
	})+" (default: that of the weights, 1 for random ones)")
	c.flags.StringVar(&v.variant, "variant", "", "size and patch `V`, "+each(func(n *backbone.Network) string {
		if n.Variants == nil {
			return ""
		}
		return fmt.Sprintf("of %s one of %s (default %s)", n.Name, strings.Join(n.Variants, " "), n.Variant)
	}))
	if withInput {
		c.flags.IntVar(&v.input, "input", 0, "height and width of the input in pixels, `N` ≥ 32 (default: "+
			each(func(n *backbone.Network) string { return fmt.Sprintf("%s %d", n.Name, n.Input) })+")")
	}
	if withWeights {
		c.flags.StringVar(&v.weights, "weights", "best", "`W` is a Keras .h5 file, a .safetensors file for vit, imagenet, embedded, best, or none for random "+
			"ones (default: the best on disk)")
	}
	return v
}

// each lists what is to be said of the networks of which there is something to say.
func each(say func(*backbone.Network) string) string {
	var parts []string
	for _, n := range backbone.Networks() {
		if text := say(n); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// maxInput is the largest input in pixels. Beyond it one image needs gigabytes.
const maxInput = 2048

// config checks the options against what exists.
func (v *variantFlags) config(name string) (backbone.Config, error) {
	c := backbone.Config{Alpha: v.alpha, Variant: v.variant, Input: v.input, Weights: v.weights}
	given := v.call.given
	n, err := backbone.Lookup(name)
	switch {
	case err != nil:
		return c, wrongUse("%v", err)
	case given("alpha") && n.Alphas == nil:
		return c, wrongUse("--alpha: %s has one width; leave --alpha out", name)
	case given("alpha") && !slices.Contains(n.Alphas, v.alpha):
		return c, wrongUse("--alpha %v: use one of %v", v.alpha, n.Alphas)
	case given("variant") && n.Variants == nil:
		return c, wrongUse("--variant: %s has only one; leave --variant out", name)
	case given("input") && (v.input < 32 || v.input > maxInput):
		return c, wrongUse("--input %d: use 32 to %d pixels", v.input, maxInput)
	case given("weights") && v.weights == "":
		return c, wrongUse("--weights is empty: name a file, imagenet, embedded or none")
	case v.weights == "embedded" && n.Embedded == 0:
		return c, wrongUse("--weights embedded: they are for %s; use imagenet, none or a file for %s",
			each(func(n *backbone.Network) string {
				if n.Embedded == 0 {
					return ""
				}
				return n.Name
			}), name)
	}
	if v.weights == "none" {
		c.Weights = "random"
	}
	return c, nil
}

// build gives the backbone with its weights, all frozen, and says on stderr which weights were taken.
func (v *variantFlags) build(name string, seed int64) (*backbone.Backbone, error) {
	config, err := v.config(name)
	if err != nil {
		return nil, err
	}
	config.Seed = seed
	base, err := backbone.New(name, config)
	if err != nil {
		return nil, err
	}
	if v.call.given("alpha") && base.Config.Alpha != v.alpha {
		return nil, fmt.Errorf("no weights for alpha %v on disk: run `%s`, "+
			"leave --alpha out to use those for alpha %v (%s), or take --weights none", v.alpha,
			files.Defects("fetch", "weights", "--alpha", fmt.Sprint(v.alpha)), base.Config.Alpha, base.Source)
	}
	base.Layers.Freeze()
	fmt.Fprintf(v.call.stderr, "weights: %s for %s\n", base.Source, base)
	return base, nil
}
