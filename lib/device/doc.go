// Package device opens the machine that the library computes on: XLA on the CPU, XLA on an NVIDIA GPU, or, as a
// last resort, GoMLX's backend in pure Go.
//
// # Which backend runs
//
// The first that applies:
//
//  1. What GOMLX_BACKEND says: "xla:cpu", "xla:cuda", "xla:/path/to/plugin.so", "go:ops_sequential", or any other
//     value that GoMLX knows. If that cannot run, Open fails: it never swaps in something else.
//  2. A CPU plugin that is installed where go-xla looks (~/.local/lib/go-xla, /usr/local/lib/go-xla, the system's
//     library folders, or the folders in PJRT_PLUGIN_LIBRARY_PATH), or in the cache folder (lib/files).
//  3. On Linux and amd64 a pinned wheel with XLA's CPU plugin, fetched with pip and checked by SHA-256.
//     Elsewhere what go-xla's own installer offers. Once per machine; GOMLX_NO_AUTO_INSTALL=1 forbids it.
//  4. The pure-Go backend, with a notice. Many times slower.
//
// Open prints one line about what runs. Plan tells what would run, without starting it.
//
// # CUDA
//
// Set GOMLX_BACKEND=xla:cuda. By hand: an NVIDIA driver, 580 or newer for CUDA 13 (`nvidia-smi` must list the GPU),
// on Linux and amd64. Then `GOMLX_BACKEND=xla:cuda scripts/lesson`, that is Install, does the rest through go-xla's
// installer: it fetches the CUDA plugin that JAX publishes and the NVIDIA libraries it needs (cuBLAS, cuDNN, …),
// checks their SHA-256, unpacks them to ~/.local/lib/go-xla/nvidia, and links the compiler ptxas there. Python and
// a CUDA toolkit are not needed. It takes JAX's latest version, not a pinned one. It is a download of gigabytes,
// so Open never starts it: without the plugin Open fails and says so. Options follow a comma: "xla:cuda,memory_fraction=0.5", "xla:cuda,tf32=false".
//
// # Several devices
//
// All devices of the backend are used, such as all GPUs of a machine; Use restrains that. Predictions and features are
// computed a micro-batch per device, by the same compiled graph as on one. A step of a training is divided by XLA's
// partitioner. "xla:cpu,cpu_device_count=4" makes four devices of one CPU, for tests: they share its cores.
//
// # Threads
//
// XLA on the CPU starts max(cores, devices) threads. Its C interface makes four devices when it is not told
// otherwise, so the plugin is asked for one, unless GOMLX_BACKEND says more: the threads are then the cores. PJRT_NPROC or
// NPROC, read by the plugin, set fewer. ByCallers is for networks that spread badly over threads.
package device
