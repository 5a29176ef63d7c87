package layer

import (
	"slices"
	"strings"
	"testing"
)

func TestLogitsEndBeforeTheSoftmax(t *testing.T) {
	for _, c := range []struct {
		end  []Op
		want []string
		had  bool
	}{
		{[]Op{Dense{Units: 3, Activation: "softmax"}}, []string{"InputLayer", "Dense"}, true},
		{[]Op{Dense{Units: 3}, Activation{Activation: "softmax"}}, []string{"InputLayer", "Dense"}, true},
		{[]Op{Dense{Units: 3}, Softmax{}}, []string{"InputLayer", "Dense"}, true},
		{[]Op{Dense{Units: 3}}, []string{"InputLayer", "Dense"}, false},
		{[]Op{Dense{Units: 3}, ReLU{}}, []string{"InputLayer", "Dense", "ReLU"}, false},
	} {
		b := &Builder{}
		b.Add("x", Input{Shape: []int{4}})
		Sequential(c.end...)(b)
		logits, had := b.List.Logits()
		if had != c.had || len(logits) != len(c.want) {
			t.Errorf("%+v: %v, %v", c.end, classesOf(logits), had)
		}
		if dense := logits[1].Op.(Dense); dense.Activation != "" {
			t.Errorf("%+v: the activation %q is left", c.end, dense.Activation)
		}
	}
}

// withDead ends in a layer that does not read the one before it, which leads nowhere.
func withDead(t *testing.T, last Op) List {
	t.Helper()
	b := &Builder{}
	b.Add("x", Input{Shape: []int{6, 6, 3}})
	b.Add("conv", Conv2D{Filters: 3, Kernel: 3})
	b.Add("dead", MaxPooling2D{Pool: 2, Strides: 2}, "x")
	b.Add("last", last, "conv")
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	return b.List
}

func TestUnreadNamesLayersThatLeadNowhere(t *testing.T) {
	ls := withDead(t, ReLU{})
	if lost := ls.Unread(); !slices.Equal(lost, []string{"dead"}) {
		t.Errorf("unread are %q", lost)
	}
	if lost := ls[:2].Unread(); lost != nil {
		t.Errorf("unread are %q", lost)
	}
	if lost := (List{}).Unread(); lost != nil {
		t.Errorf("unread are %q", lost)
	}
}

func TestLogitsAreWhatTheSoftmaxReads(t *testing.T) {
	logits, had := withDead(t, Softmax{}).Logits()
	if last := logits[len(logits)-1].Name; !had || last != "conv" {
		t.Errorf("the logits are those of layer %s", last)
	}
}

func TestRescalingWithoutAScaleIsRefused(t *testing.T) {
	for op, refused := range map[Rescaling]bool{{}: true, {Offset: 1}: false, {Scale: 1}: false, {Scale: -2, Offset: 3}: false} {
		b := &Builder{}
		Sequential(Input{Shape: []int{2, 2, 3}}, op)(b)
		if (b.Err != nil) != refused || refused && !strings.Contains(b.Err.Error(), "set Scale") {
			t.Errorf("%+v: %v", op, b.Err)
		}
	}
}

// A sum that reads one layer would silently lose the shortcut.
func TestMergesNameWhatTheyRead(t *testing.T) {
	for _, op := range []Op{Add{}, Multiply{}, Average{}, Concatenate{}} {
		b := &Builder{}
		b.Add("image", Input{Shape: []int{4}})
		x := b.Add("", Dense{Units: 4})
		if b.Add("", op, "image", x); b.Err != nil {
			t.Errorf("%s of two layers: %v", op.Class(), b.Err)
		}
		if b.Add("lost", op); b.Err == nil || !strings.Contains(b.Err.Error(), `"lost"`) {
			t.Errorf("%s of none: %v", op.Class(), b.Err)
		}
	}
}
