package weights

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// embeddedFile is made by the project's own training, and committed.
const embeddedFile = "mobilenet_v2_0.35_224_no_top.h5"

//go:embed embedded
var embedded embed.FS

// Embedded returns the small MobileNetV2 (alpha 0.35, without top) that is part of the program, for machines that
// have no published weights. It was trained on procedural textures, not on ImageNet, and Notice says so.
func Embedded() (*Checkpoint, Source, error) { return readEmbedded(embedded) }

func readEmbedded(files fs.FS) (*Checkpoint, Source, error) {
	b, err := fs.ReadFile(files, "embedded/"+embeddedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Source{}, fmt.Errorf("weights: this build has no embedded weights (%w); "+
			"set WEIGHTS_DIR to a folder with the published ones", err)
	}
	if err != nil {
		return nil, Source{}, fmt.Errorf("weights: %w", err)
	}
	c, err := Read(bytes.NewReader(b), int64(len(b)), "embedded "+embeddedFile)
	if err != nil {
		return nil, Source{}, err
	}
	return c, Source{
		Alpha:  0.35,
		Name:   "embedded",
		Notice: "embedded weights: trained on procedural textures, not on ImageNet",
	}, nil
}
