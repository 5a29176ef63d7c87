package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

// diagnosis is what will be used, part by part.
type diagnosis struct {
	OK    bool   `json:"ok"` // nothing that the lesson needs is missing
	Parts []part `json:"parts"`
}

// part is one thing that the lesson uses.
type part struct {
	Name    string `json:"name"`
	Used    string `json:"used,omitempty"`    // what will be used
	Missing string `json:"missing,omitempty"` // what is missing, or not as it should be
	Remedy  string `json:"remedy,omitempty"`  // how to get it
	Notice  string `json:"notice,omitempty"`  // what every result will say
	standIn bool   // a network whose weights are not the published ones
}

func (d diagnosis) String() string {
	var b strings.Builder
	width, standIns := 0, 0
	for _, p := range d.Parts {
		width = max(width, len(p.Name)+1)
		if p.standIn {
			standIns++
		}
	}
	for _, p := range d.Parts {
		name := p.Name
		for _, line := range []struct{ label, text string }{
			{"", p.Used}, {"missing: ", p.Missing}, {"NOTICE: ", p.Notice}, {"to get it: ", p.Remedy}} {
			if line.text != "" {
				fmt.Fprintf(&b, "%-*s%s%s\n", width, name, line.label,
					strings.ReplaceAll(line.text, "\n", "\n"+strings.Repeat(" ", width)))
				name = ""
			}
		}
	}
	switch {
	case d.OK && standIns == 0:
		b.WriteString("Everything that the lesson needs is there.\n")
	case d.OK && standIns == 1:
		b.WriteString("The lesson runs; 1 network has stand-in weights.\n")
	case d.OK:
		fmt.Fprintf(&b, "The lesson runs; %d networks have stand-in weights.\n", standIns)
	}
	return b.String()
}

func doctor(c *call) (fmt.Stringer, error) {
	if _, err := c.parse(0, 0, ""); err != nil {
		return nil, err
	}
	d := diagnosis{OK: true}
	looks := []func() part{checkBackend, checkKernel, checkCache, checkData}
	if files.ModuleRoot() == "" { // there are no notebooks that would need a kernel
		looks = slices.Delete(looks, 1, 2)
	}
	for _, look := range looks {
		d.Parts = append(d.Parts, look())
	}
	for _, name := range backbone.Names() {
		d.Parts = append(d.Parts, checkWeights(name))
	}
	for _, p := range d.Parts {
		d.OK = d.OK && p.Missing == ""
	}
	return d, nil
}

// checkBackend starts the backend, unless that would download something.
func checkBackend() part {
	choice := device.Plan()
	p := part{Name: "backend", Used: choice.Kind, Missing: choice.Missing, Remedy: choice.Remedy, Notice: choice.Notice}
	if p.Missing != "" {
		return p
	}
	d, err := device.Open()
	if err != nil {
		p.Missing = err.Error()
		return p
	}
	p.Used, p.Notice = d.String(), d.Notice
	if d.Plugin != "" {
		p.Used += ", " + d.Plugin
	}
	return p
}

// checkKernel looks for the Jupyter kernel where scripts/lesson installs it.
func checkKernel() part {
	root := files.ModuleRoot()
	p := part{Name: "kernel", Remedy: "run scripts/lesson or scripts/lab once in the clone"}
	folder := filepath.Join(root, ".venv", "share", "jupyter", "kernels", "gonb-defects")
	for _, file := range []string{"kernel.json", "kernel.sh", "bin/gonb", "bin/goimports"} {
		if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(file))); err != nil {
			p.Missing = "the Jupyter kernel is not installed: there is no " + filepath.Join(folder, file)
			return p
		}
	}
	if _, err := exec.LookPath("go"); err != nil {
		p.Missing, p.Remedy = "the kernel needs the Go toolchain", "install Go from https://go.dev/dl/"
		return p
	}
	return part{Name: p.Name, Used: folder}
}

// checkCache looks whether features and downloads can be kept.
func checkCache() part {
	p := part{Name: "cache", Remedy: "set DEFECTS_CACHE to a folder that you can write to"}
	folder, err := files.CacheDir()
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(folder, ".doctor-"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		p.Missing = err.Error()
		return p
	}
	return part{Name: p.Name, Used: folder}
}

func checkData() part {
	p := part{Name: "data"}
	data, err := neudet.FindReal()
	if err != nil {
		p.Missing = err.Error()
		return p
	}
	if data == nil {
		p.Used, p.Notice = "synthetic images, drawn when they are first needed", images.SyntheticNotice
		p.Remedy = "`" + files.Defects("fetch", "data") + "`, or set NEU_DET_DIR to the folder or zip"
		return p
	}
	p.Used = fmt.Sprintf("%s: %d training and %d validation images of %d classes", data.Origin, len(data.Train.Images),
		len(data.Validation.Images), len(data.Classes))
	if p.Notice = data.Notice; data.Synthetic {
		p.Remedy = "`" + files.Defects("fetch", "data") + "`, or set NEU_DET_DIR to the folder or zip"
	}
	return p
}

// checkWeights looks for the published files of a backbone, and says what the lesson takes without them.
func checkWeights(name string) part {
	p := part{Name: name}
	n, err := backbone.Lookup(name)
	if err != nil {
		p.Missing = err.Error()
		return p
	}
	published := n.Files()
	var found []string
	damaged := false
	for _, file := range published {
		path, err := file.Find()
		if path != "" {
			found = append(found, path)
		}
		damaged = damaged || err != nil
	}
	base, err := backbone.New(name, backbone.Config{Weights: "best"})
	if err != nil {
		p.Missing, p.Remedy = err.Error(), "replace the file by the published one"
		return p
	}
	p.Used, p.Notice = fmt.Sprintf("%s weights for %s", base.Source, base), base.Notice
	p.standIn = base.Source != "imagenet"
	if len(found) > 0 {
		p.Used += "\n" + strings.Join(found, "\n")
	}
	if len(found) == 0 || damaged { // the notice says which
		p.Remedy = toGetWeights(name, published)
	}
	return p
}

// toGetWeights says how to get the published weights of a backbone, if there are any.
func toGetWeights(name string, published []backbone.Published) string {
	if len(published) == 0 {
		return ""
	}
	remedy := fmt.Sprintf("`%s`, or set WEIGHTS_DIR to a folder with the published "+
		"file, such as %s", files.Defects("fetch", "weights", name), published[0].File)
	if repository := published[0].Repository; repository != "" {
		remedy += " (the model.safetensors of " + repository + " on Hugging Face's hub)"
	}
	return remedy
}
