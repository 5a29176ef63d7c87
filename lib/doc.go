// Package lib is the map of the library; it has no code. This is how an image and a weight pass the packages:
//
//	folder, zip, fs.FS, upload           .h5, .keras, .weights.h5, .safetensors
//	        │                                              │
//	images (neudet, surfaces)                           weights                    files and named tensors
//	        │                                              │ by layer name
//	        │ labels, identities                    keras, layer                   lists of layers and their values
//	        │                                              │
//	        │                                          backbone                    a network with its preprocessing
//	        │ pixels [n, h, w, 3], 0…255                   │
//	        ├──────────────▶ inference ◀── below the cut ──┤                       compiled once, for any goroutine
//	        │                    │                         │
//	        │                features ─▶ probe, neighbours │                       a row per image, stored and checked
//	        │                    │                         │
//	        └─────────────▶ classifier ◀── above the cut ──┘                       fit, predict, save; a run folder
//	                             │  layers, values └─▶ explain                     Grad-CAM, attention
//	                             ▼                        │
//	                     result, metrics ◀────────────────┘                        plain values, with their notices
//	                             │
//	                     figure, diagram ──▶ notebook ──▶ lesson                   pictures, cells, what cells repeat
//
// Each package knows only those before it in this row:
//
//	files notice record download device metrics result surfaces images neudet weights layer keras onnx backbone
//	inference features neighbours probe classifier explain figure serve diagram notebook lesson
package lib
