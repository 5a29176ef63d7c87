package images

// tap says between which two source positions a target position lies: (1-weight)·low + weight·high.
type tap struct {
	low, high int
	weight    float32
}

// taps gives the tap of each of newSize target positions on an axis of the given size. It counts in float32 as
// TensorFlow does, so that the weights are the same to the last bit.
func taps(size, newSize int) []tap {
	scale := float32(size) / float32(newSize)
	result := make([]tap, newSize)
	for i := range result {
		at := (float32(i)+0.5)*scale - 0.5
		low := int(at)
		if float32(low) > at {
			low-- // conversion rounds to zero, floor is wanted
		}
		result[i] = tap{low: max(low, 0), high: min(low+1, size-1), weight: at - float32(low)}
	}
	return result
}

// resizeInto scales an image bilinearly, as tf.image.resize(method="bilinear", antialias=False) does: centres of pixels
// lie at half-integers, and samples beyond the border take the border's value. Without antialiasing, scaling down by
// more than 2 skips pixels.
//
// pixels holds height×width×channels values, channels interleaved, resized newHeight×newWidth×channels; all sizes are at
// least 1. Each source row is scaled in width once, then two such rows are mixed into each target row.
func resizeInto(resized, pixels []float32, height, width, channels, newHeight, newWidth int) {
	columns, rows := taps(width, newWidth), taps(height, newHeight)
	rowSize := newWidth * channels
	top, bottom := make([]float32, rowSize), make([]float32, rowSize)
	topAt, bottomAt := -1, -1 // the source rows that top and bottom hold
	for y, row := range rows {
		if topAt != row.low {
			if bottomAt == row.low {
				top, bottom, topAt, bottomAt = bottom, top, bottomAt, topAt
			} else {
				resizeRow(top, pixels[row.low*width*channels:][:width*channels], columns, channels)
				topAt = row.low
			}
		}
		if bottomAt != row.high {
			resizeRow(bottom, pixels[row.high*width*channels:][:width*channels], columns, channels)
			bottomAt = row.high
		}
		target := resized[y*rowSize:][:rowSize]
		upper, lower, weight := top[:len(target)], bottom[:len(target)], row.weight
		for i := range target {
			target[i] = upper[i] + (lower[i]-upper[i])*weight
		}
	}
}

func resizeRow(target, source []float32, columns []tap, channels int) {
	if channels == 1 {
		target = target[:len(columns)]
		for x, c := range columns {
			low := source[c.low]
			target[x] = low + (source[c.high]-low)*c.weight
		}
		return
	}
	for x, c := range columns {
		for k := range channels {
			low, high := source[c.low*channels+k], source[c.high*channels+k]
			target[x*channels+k] = low + (high-low)*c.weight
		}
	}
}
