package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/record"
)

// write writes the whole report: table, machine, versions, and how to read it.
func (b *bench) write(w io.Writer, command string, before usage) {
	now := usageNow()
	others, spoiled := before.others(now)
	if spoiled {
		fmt.Fprintf(w, "> **The machine was not idle: these figures are rough.** %s\n\n", others)
	}
	if b.size.images != nil {
		fmt.Fprint(w, "> **Quick run: few images and repetitions. These numbers are no results.**\n\n")
	}
	writeTable(w, b.rows, b.limits)
	fmt.Fprint(w, "\nMedians, in brackets the least and the greatest of several repetitions; the sides took turns, each "+
		"with its default number of threads. A ratio above 1 says that ours is better. The column Keras is "+
		"`model.predict` in inference rows, `model.fit` in section rows, and IPython with Keras and Matplotlib in "+
		"notebook rows.\n\n")
	line := func(format string, args ...any) { fmt.Fprintf(w, "- "+format+"\n", args...) }
	line("Machine: %s. %s", record.Machine(), others)
	line("Date: %s; the whole measurement took %.1f minutes. Command: `%s`", now.when.Format("2006-01-02"),
		now.when.Sub(before.when).Minutes(), command)
	for _, v := range b.versions {
		line("%s.", v)
	}
	if len(b.networks) > 0 {
		b.explain(line)
	}
	if len(b.limits.Arithmetic) > 0 {
		line("Limits: %s The last two columns are our share of them. Counted are the products as the layers have them "+
			"(Winograd's convolutions need fewer), and what layers with products read and write if nothing stays in a "+
			"cache; of training each layer once, once more for its inputs' gradient and once more for its weights', where "+
			"they are needed, and frozen layers below for each image once.", b.limits)
	}
	if b.hasNotebook() {
		line("Notebook: a cell of ours is a Go program that is compiled, linked and started; a cell of Keras's runs in a " +
			"process that has imported everything before. Warm means that other cells ran in the same kernel, the last one a " +
			"second ago: meanwhile our linker reads the packages for the next cell.")
	}
	for _, note := range b.notes {
		line("%s", note)
	}
}

// explain says how the rows of networks were measured.
func (b *bench) explain(line func(format string, args ...any)) {
	var samples []string
	for _, n := range b.networks {
		samples = append(samples, fmt.Sprintf("%d of %d×%d (%s)", b.sample(n), n.input, n.input, n.title))
	}
	line("Inference: float pixels in memory → preprocessing → network without top → global average pooling (small ViT: "+
		"the whole network), in batches of 32, model loaded and compiled before. Images per repetition: %s.", strings.Join(samples, ", "))
	line("Our .onnx file: the same network as package onnx writes it, in ONNX Runtime. Elsewhere that column has Keras's own " +
		"export.")
	if slices.ContainsFunc(b.networks, func(n network) bool { return n.files }) {
		line("Features of files: from the folder to the features, decoding and the lesson's resizing to 255 included, in " +
			"a running process. Files go through Keras's `image_dataset_from_directory` for all of its peers.")
	}
	line("Sections: a process from start to end, that is imports or loading, opening the images, building and compiling, " +
		"computing features, epochs with validation. Our program was built before, and saves the run after each epoch. " +
		"The first run finds no stored features; a second one does, as a second training in another cell would. Keras has " +
		"nothing stored, its time is the same.")
	if slices.ContainsFunc(b.trainings, func(t training) bool { return !t.complete() }) {
		line("“From 2 of 10”: 2 epochs were trained, and each of the others was added with the median time of those, " +
			"without compiling. Keras compiled on a few batches before them; the time of computing these is taken off.")
		line("One epoch: %d images in training and validation, compiled before; ours reads stored features at the "+
			"boundary, Keras decodes files and computes all layers. Peak memory is that of the programs in the rows above "+
			"it.", b.count)
	}
}
