package main

import (
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// work is what has to be computed, at least in the plain way: Winograd's convolution needs less arithmetic, and what
// stays in a cache less of the memory.
type work struct {
	flop  float64 // operations of products: a multiplication and an addition are two
	bytes float64 // float32 that layers with products read and write: inputs, outputs, and weights once for 32 images
}

func (w work) add(v work, times float64) work {
	return work{w.flop + times*v.flop, w.bytes + times*v.bytes}
}

// ofLayer is the work of one image, given the shapes of what the layer reads.
func ofLayer(l *layer.Layer, in [][]int) work {
	const float, batch = 4, 32
	var kernels int
	for _, w := range l.W {
		if strings.HasSuffix(w.Name, "kernel") {
			kernels += w.Size()
		}
	}
	if kernels == 0 {
		return work{}
	}
	places := layer.Size(l.Shape[:len(l.Shape)-1])
	products := kernels * places
	if a, ok := l.Op.(layer.MultiHeadAttention); ok { // query · key, and their softmax · value
		products += 2 * places * places * a.NumHeads * a.KeyDim
	}
	moved := float64(kernels)/batch + float64(layer.Size(l.Shape))
	for _, shape := range in {
		moved += float64(layer.Size(shape))
	}
	return work{2 * float64(products), float * moved}
}

// ofInference is the work of one image.
func ofInference(ls layer.List) (sum work) {
	for _, l := range ls {
		sum = sum.add(ofLayer(l, shapes(ls, l)), 1)
	}
	return sum
}

func shapes(ls layer.List, l *layer.Layer) (all [][]int) {
	for _, name := range l.Inputs {
		all = append(all, ls[ls.Index(name)].Shape)
	}
	return all
}

// ofTraining is the work of the features, which are computed once for each image, and of an epoch: for an image of
// training, a layer above a trained one takes its inputs' gradient as much again, a trained one its weights' gradient;
// for one of validation it is computed alone.
func ofTraining(ls layer.List, train, validation int) (features, epoch work) {
	changes := map[string]bool{} // layers whose output changes while training
	for _, l := range ls {
		w := ofLayer(l, shapes(ls, l))
		times := 1.0
		for _, name := range l.Inputs {
			if changes[name] {
				changes[l.Name] = true
			}
		}
		if changes[l.Name] {
			times++
		}
		if !l.Frozen && len(l.W) > 0 {
			changes[l.Name] = true
			times++
		}
		if changes[l.Name] {
			epoch = epoch.add(w, times*float64(train)+float64(validation))
		} else {
			features = features.add(w, float64(train+validation))
		}
	}
	return features, epoch
}
