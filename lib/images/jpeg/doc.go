// Package jpeg decodes JPEG files to the very pixels that TensorFlow or Pillow decode them to.
//
// The standard lets decoders differ: in how exactly they compute the inverse cosine transform, how they enlarge colour
// planes of a lower resolution, and how they round. A network sees these differences. Both TensorFlow and Pillow use
// libjpeg-turbo, TensorFlow with its fast transform, Pillow with its accurate one; here both are computed from the
// published algorithms, to the same bits as libjpeg-turbo's on a processor with vector instructions.
//
// Baseline, extended sequential and progressive files with Huffman codes and 8 bits per sample are read; grey, YCbCr, RGB,
// CMYK and YCCK, with all sampling factors that divide the largest one. An orientation in Exif is not looked at.
//
// Two kinds of files get other pixels than there. Progressive ones that end before their last scans: libjpeg smooths them,
// which changed 39 such files by up to 6 levels where coefficients lacked low bits, and by up to 100 where nothing but the
// means of blocks was left. And damaged ones, of which it reads more: what Go's image/jpeg refuses is refused here.
//
// Sections and figures in comments are those of ITU-T Recommendation T.81 (1992), which defines JPEG.
package jpeg
