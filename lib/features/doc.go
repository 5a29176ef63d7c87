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
// Rows are stored one by one, so that a killed process, a full disk or an interruption costs at most the 32 images that
// were being computed. Several processes may extract at once: one computes, the others take what it stores. A file can be
// removed at any time.
//
// # Why files
//
// Beside this format, the embedded stores bbolt 1.4.3 and pebble 2.1.4 were measured, with their default options and
// batches of 32 rows. 1,800 rows of 173,056 values (13×13×1024 of ResNet50V2, 1.2 GB), on two cores that other programs
// were using too, best of two; files are synced at the end, bbolt's time is the same without syncing; reading is from the
// page cache, in random order, best of three:
//
//	         written    on disk   opened    read    10 flipped bits
//	files      1.2 s    1.25 GB     2 ms   0.6 s    10 noticed
//	bbolt      5.6 s    1.40 GB     2 ms   0.7 s    none noticed, 9 changed a value
//	pebble    10.5 s    0.7 GB     49 ms   0.9 s    10 noticed (rows are compressed)
//
// Both stores give what is not needed here (order, transactions, deletion), and lock their folder for one process at a
// time, so that a training would wait for another one that only reads. Rows of one size in one file that only grows
// need no more than this package; BenchmarkRows reads 1 GB/s, checksums included.
package features
