package main

import (
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

func TestDoctorKnowsNetworksWithoutPublishedWeights(t *testing.T) {
	if remedy := toGetWeights("own", nil); remedy != "" {
		t.Errorf("there is nothing to get, but the remedy is %q", remedy)
	}
	published := []backbone.Published{{File: "a.h5"}, {File: "b.h5"}}
	if remedy := toGetWeights("own", published); !strings.Contains(remedy, "a.h5") {
		t.Errorf("the remedy is %q", remedy)
	}
}
