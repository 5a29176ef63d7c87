package layer

import (
	"reflect"
	"testing"
)

func TestNestGivesTakenNamesThatOfTheModel(t *testing.T) {
	inner := &Builder{}
	inner.Add("", Input{Shape: []int{4}})
	inner.Add("hidden", Dense{Units: 4})
	inner.Add("sum", Add{}, "input_layer", "hidden")
	values := Values{"hidden": {{1}, {2}}}

	b := &Builder{}
	b.Add("", Input{Shape: []int{4}})
	var names []string
	for range 3 {
		if last := b.Nest("net", inner.List, values); b.List.Index(last) != len(b.List)-1 {
			t.Errorf("the model's last layer is called %q", last)
		}
	}
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	for _, l := range b.List {
		names = append(names, l.Name)
	}
	want := []string{"input_layer", "net_input_layer", "hidden", "sum", "net_1_input_layer", "net_1_hidden", "net_1_sum",
		"net_2_input_layer", "net_2_hidden", "net_2_sum"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("the layers are %q", names)
	}
	if in := b.List[6].Inputs; !reflect.DeepEqual(in, []string{"net_1_input_layer", "net_1_hidden"}) {
		t.Errorf("the sum reads %q", in)
	}
	if in := b.List[4].Inputs; !reflect.DeepEqual(in, []string{"sum"}) {
		t.Errorf("the second model reads %q", in)
	}
	for _, name := range []string{"hidden", "net_1_hidden", "net_2_hidden"} {
		if !reflect.DeepEqual(b.Values[name], values["hidden"]) {
			t.Errorf("the values of %s are %v", name, b.Values[name])
		}
	}
	if inner.List[1].Name != "hidden" || inner.List[2].Inputs[0] != "input_layer" {
		t.Error("the model itself was renamed")
	}
}
