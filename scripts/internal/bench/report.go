package main

import (
	"fmt"
	"io"
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
	writeTable(w, b.rows)
	fmt.Fprintf(w, "\nMedians, in brackets the least and the greatest of several repetitions; the sides took turns, each with its "+
		"default number of threads. A ratio above 1 says that ours is better. The column Keras is "+
		"`model.predict` in inference rows, `model.fit` in section rows, and IPython with Keras and Matplotlib in notebook rows.\n\n")
	line := func(format string, args ...any) { fmt.Fprintf(w, "- "+format+"\n", args...) }
	line("Machine: %s. %s", machine(), others)
	line("Date: %s; the whole measurement took %.1f minutes. Command: `%s`", now.when.Format("2006-01-02"),
		now.when.Sub(before.when).Minutes(), command)
	for _, v := range b.versions {
		line("%s.", v)
	}
	line("Inference: 224×224 float pixels in memory → preprocessing → MobileNetV2 without top → global average pooling, %d "+
		"images per repetition in batches of 32, model loaded and compiled before.", b.size.pixels)
	line("Features of files: from the folder to the features, decoding and the lesson's resizing to 255 included, in a running " +
		"process. Files go through Keras's `image_dataset_from_directory` for all of its peers.")
	line("Section 2.3.1: a process from start to end, that is imports or loading, opening the images, building and compiling, "+
		"%d epochs with validation. Our program was built before. The first run finds no stored features, the second one "+
		"does, as a second training in another cell would; Keras has nothing stored, its time is the same.", epochs)
	line("Notebook: a cell of ours is a Go program that is compiled, linked and started; a cell of Keras's runs in a process " +
		"that has imported everything before. Warm means that other cells ran in the same kernel.")
	for _, note := range b.notes {
		line("%s", note)
	}
}
