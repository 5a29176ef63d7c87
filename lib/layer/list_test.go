package layer

import "testing"

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
