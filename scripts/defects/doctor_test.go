package main

import (
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

func TestDoctorsLastLineCountsStandIns(t *testing.T) {
	network := func(name string, standIn bool) part { return part{Name: name, Used: "weights\nfile", standIn: standIn} }
	for _, c := range []struct {
		d    diagnosis
		want string
	}{
		{diagnosis{true, []part{network("a", false), network("efficientnetb0", false)}},
			"a              weights\n               file\nefficientnetb0 weights\n               file\n" +
				"Everything that the lesson needs is there.\n"},
		{diagnosis{true, []part{network("a", true), network("b", false)}},
			"a weights\n  file\nb weights\n  file\nThe lesson runs; 1 network has stand-in weights.\n"},
		{diagnosis{true, []part{network("a", true), network("b", true)}},
			"a weights\n  file\nb weights\n  file\nThe lesson runs; 2 networks have stand-in weights.\n"},
		{diagnosis{false, []part{network("a", true)}}, "a weights\n  file\n"},
	} {
		if got := c.d.String(); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

func TestDoctorKnowsNetworksWithoutPublishedWeights(t *testing.T) {
	if remedy := toGetWeights("own", nil); remedy != "" {
		t.Errorf("there is nothing to get, but the remedy is %q", remedy)
	}
	published := []backbone.Published{{File: "a.h5"}, {File: "b.h5"}}
	if remedy := toGetWeights("own", published); !strings.Contains(remedy, "a.h5") {
		t.Errorf("the remedy is %q", remedy)
	}
}
