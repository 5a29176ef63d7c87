package main

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed startpage.html
var startPageText string

var startPageTemplate = template.Must(template.New("start").Parse(startPageText))

const styleFile = "scripts/internal/nbconvert/lesson/lesson.css"

// overview is what the start page shows.
type overview struct {
	Style    template.CSS
	Results  []result
	Chapters []chapter
	Facts    []fact
}

// chapter is one report with what shows what is in it.
type chapter struct {
	page
	Tables     []table
	Thumbnails []thumbnail
}

// result is a row of the table that compares models.
type result struct {
	File                                                                 string
	Model, Right, Accuracy, Interval, Trainable, Epochs, Seconds, Notice string
	Quick                                                                bool
}

type fact struct {
	Name   string
	Values []string
}

type thumbnail struct {
	ID, Alt string
	Source  template.URL
}

// startPage shows what all reports found, their figures, and how they were made.
func startPage(root string, pages []page) ([]byte, error) {
	style, err := os.ReadFile(filepath.Join(root, styleFile))
	if err != nil {
		return nil, err
	}
	o := overview{Style: template.CSS(style), Facts: factsOf(pages)}
	for _, p := range pages {
		c := chapter{page: p}
		for _, t := range p.Records {
			if models := modelsOf(p, t); models != nil {
				o.Results = append(o.Results, models...)
			} else {
				c.Tables = append(c.Tables, t)
			}
		}
		for _, f := range p.Figures {
			small, err := shrink(f.Data)
			if err != nil { // a picture of another kind is left out, not the page
				continue
			}
			c.Thumbnails = append(c.Thumbnails, thumbnail{f.ID, f.Alt,
				template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(small))})
		}
		o.Chapters = append(o.Chapters, c)
	}
	var out bytes.Buffer
	err = startPageTemplate.Execute(&out, o)
	return out.Bytes(), err
}

// modelsOf are the rows of a table that lesson.Results has made; nil for any other.
func modelsOf(p page, t table) (rows []result) {
	if len(t.Header) == 0 || t.Header[0] != "model" || !slices.Contains(t.Header, "accuracy") {
		return nil
	}
	for _, row := range t.Rows {
		cell := func(column string) string {
			if i := slices.Index(t.Header, column); i >= 0 && i < len(row) {
				return row[i]
			}
			return ""
		}
		rows = append(rows, result{
			File: p.File, Quick: p.Quick, Model: cell("model"), Right: cell("right"), Accuracy: cell("accuracy"),
			Interval: cell("95 % interval"), Trainable: cell("trainable parameters"), Epochs: cell("epochs"),
			Seconds: cell("seconds in all"), Notice: cell("notice"),
		})
	}
	return rows
}

// factsOf says how the pages were made: each thing once, however many pages share it.
func factsOf(pages []page) []fact {
	facts := []fact{{Name: "machine"}, {Name: "versions"}, {Name: "backend"}, {Name: "images"}, {Name: "weights"}, {Name: "seeds"}, {Name: "commands"}}
	add := func(i int, text string) {
		for value := range strings.SplitSeq(text, "; ") {
			if value != "" && !slices.Contains(facts[i].Values, value) {
				facts[i].Values = append(facts[i].Values, value)
			}
		}
	}
	for _, p := range pages {
		add(0, p.Machine)
		var versions []string
		for _, name := range slices.Sorted(maps.Keys(p.Versions)) {
			if v := p.Versions[name]; v != "" {
				versions = append(versions, name+" "+v)
			}
		}
		add(1, strings.Join(versions, ", "))
		for _, t := range p.Records {
			for i, text := range []string{t.Backend, t.Data, t.Weights, t.Seeds, t.Command} {
				add(i+2, text)
			}
		}
	}
	seeds := &facts[5].Values
	if len(*seeds) > 1 {
		*seeds = []string{strings.Join(*seeds, ", ")}
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return len(f.Values) == 0 })
}
