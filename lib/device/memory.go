//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package device

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>

// Makes the C library keep what XLA frees. Each run of a graph on a CPU allocates its activations anew, hundreds of
// megabytes in a training step. By default glibc takes such blocks from the kernel and gives them back every time, and
// the kernel fills their pages with zeros: up to half of the processor time of a training from scratch went there.
//
// It runs before main, while there is one thread: an arena that another thread has by then would still do so.
__attribute__((constructor)) static void keep_memory(void) {
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_TOP_PAD, 64 << 20);
}
static void give_back(void) { malloc_trim(0); }
#else
static void give_back(void) {}
#endif
*/
import "C"

import "runtime/debug"

// ReleaseMemory gives the memory that nobody uses back to the system. It is worth its cost, tenths of a second, where
// one phase of a training ends and another, with other activations, begins.
func ReleaseMemory() {
	debug.FreeOSMemory()
	C.give_back()
}
