// Package features keeps what frozen layers give for images: the features that the layers above a cut are trained on.
//
// An Extractor stands for some layers with their values. Extract gives the Features of a source of images, one row per
// image. Each image is computed once, whichever list it stands in: heads, folds, seeds and data sets share one file of
// rows per layers, CACHE/features/HASH-BACKEND.features. Another version of the backend or of Go, which decodes the
// images, has a file of its own. Images are known by the hash of their content; those of unknown content, such as images
// that were changed on the way, are kept until the Features are closed.
//
// # What may go wrong
//
// Each row has a checksum (CRC-32C), which is compared whenever the row is read: a flipped bit is found, the image is
// computed again, the file is mended in its place, and notice.Say says it; results are right, and carry no notice of it.
// Rows are stored one by one, so that a killed process, a full disk or an interruption costs at most the images that
// were being computed, 32 for each device. Several processes may extract at once: one computes, the others take what it
// stores. A file can be removed at any time.
//
// # Why files
//
// Embedded stores give what is not needed here (order, transactions, deletion), and lock their folder for one process at a
// time, so that a training would wait for another one that only reads. bbolt, besides, keeps no checksums of values. Rows
// of one size in one file that only grows need no more than this package; BenchmarkRows says how fast they are read,
// checksums included.
package features
