package main

import (
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

// networkTable lists what backbone.New builds.
type networkTable struct {
	Networks []networkRow `json:"networks"`
}

type networkRow struct {
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Input     int       `json:"input"` // pixels
	Lesson    bool      `json:"lesson"`
	Alphas    []float64 `json:"alphas,omitempty"`
	Variants  []string  `json:"variants,omitempty"`
	Published []string  `json:"published"` // files without top, that of the lesson first
}

func (t networkTable) String() string {
	var b strings.Builder
	for _, n := range t.Networks {
		fmt.Fprintf(&b, "%-15s %s, %d×%d pixels", n.Name, n.Title, n.Input, n.Input)
		if n.Alphas != nil {
			fmt.Fprintf(&b, ", alpha %v", n.Alphas)
		}
		if n.Variants != nil {
			fmt.Fprintf(&b, ", variants %s", strings.Join(n.Variants, " "))
		}
		b.WriteString("\n")
		for _, file := range n.Published {
			fmt.Fprintf(&b, "%-15s %s\n", "", file)
		}
	}
	return b.String()
}

func listNetworks(c *call) (fmt.Stringer, error) {
	if _, err := c.parse(0, 0, ""); err != nil {
		return nil, err
	}
	var t networkTable
	for _, n := range backbone.Networks() {
		row := networkRow{Name: n.Name, Title: n.Title, Input: n.Input, Lesson: n.Lesson, Alphas: n.Alphas,
			Variants: n.Variants, Published: []string{}}
		for _, p := range n.Files() {
			row.Published = append(row.Published, p.File)
		}
		t.Networks = append(t.Networks, row)
	}
	return t, nil
}
