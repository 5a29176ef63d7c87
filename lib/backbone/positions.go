package backbone

import "math"

// resizePositions interpolates a table of position embeddings, made for from×from patches, to to×to patches. The table
// is [1 + from·from, d] in row-major order: the class token's position, which is kept as it is, then those of the
// patches, row by row.
//
// It is the interpolate_pos_encoding of Hugging Face's ViTEmbeddings: bicubic convolution (Keys, 1981, with
// a = −0.75 as PyTorch has it) over 4×4 neighbours, pixel centres at halves, borders repeated, no antialiasing; here in
// float64. timm's resample_abs_pos_embed antialiases and has a = −0.5 then. For random tables with values within ±1 it
// differs from this by up to 0.12 from 14×14 to 24×24 patches, and by up to 0.72 from 14×14 to 7×7
// (scripts/oracle/goldens/vit_torch.py).
func resizePositions(table []float32, d, from, to int) []float32 {
	out := append(make([]float32, 0, (1+to*to)*d), table[:d]...)
	taps := bicubic(from, to)
	sum := make([]float64, d)
	for _, row := range taps {
		for _, column := range taps {
			clear(sum)
			for i, y := range row.at {
				for j, x := range column.at {
					w := row.weight[i] * column.weight[j]
					for k, v := range table[(1+y*from+x)*d:][:d] {
						sum[k] += w * float64(v)
					}
				}
			}
			for _, v := range sum {
				out = append(out, float32(v))
			}
		}
	}
	return out
}

// tap says which four of the old positions along one axis make a new one.
type tap struct {
	at     [4]int
	weight [4]float64
}

// bicubic gives the taps of each of the new positions.
func bicubic(from, to int) []tap {
	const a = -0.75
	near := func(x float64) float64 { return ((a+2)*x-(a+3))*x*x + 1 }  // at a distance of 0…1
	far := func(x float64) float64 { return ((a*x-5*a)*x+8*a)*x - 4*a } // at a distance of 1…2
	taps := make([]tap, to)
	for i := range taps {
		centre := (float64(i)+0.5)*float64(from)/float64(to) - 0.5
		left := math.Floor(centre)
		t := centre - left
		taps[i].weight = [4]float64{far(1 + t), near(t), near(1 - t), far(2 - t)}
		for j := range taps[i].at {
			taps[i].at[j] = min(max(int(left)+j-1, 0), from-1)
		}
	}
	return taps
}
