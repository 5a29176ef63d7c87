package backbone

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/transfer-learning-go/defects/lib/weights"
)

// embeddedFiles are made by the project's own training, for machines that have no published weights.
//
//go:embed embedded
var embeddedFiles embed.FS

// embedded opens the weights that come with this module. They were trained on procedural textures, not on ImageNet, and
// the notice says so.
func (n *Network) embedded() (source, error) { return n.readEmbedded(embeddedFiles) }

func (n *Network) readEmbedded(files fs.FS) (source, error) {
	b, err := fs.ReadFile(files, "embedded/"+n.embeddedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return source{}, fmt.Errorf("this build has no embedded weights (%w); set WEIGHTS_DIR to a folder with the published "+
			"ones", err)
	}
	if err != nil {
		return source{}, err
	}
	name := "embedded " + n.embeddedFile
	c, err := weights.Read(bytes.NewReader(b), int64(len(b)), name)
	return source{name: "embedded", path: name, checkpoint: c,
		notice: "embedded weights: trained on procedural textures, not on ImageNet"}, err
}
