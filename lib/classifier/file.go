package classifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// facts is what a model knows beside its layers and weights. Save keeps it in its files, where Keras passes it over.
type facts struct {
	Backbone      string          `json:"backbone"`
	Config        backbone.Config `json:"backbone_config"`
	Source        string          `json:"weights"`
	WeightsNote   string          `json:"weights_notice,omitempty"`
	DataNotice    string          `json:"data_notice,omitempty"`
	InputNotice   string          `json:"input_notice,omitempty"`
	SizeNotice    string          `json:"size_notice,omitempty"`
	OutputNotice  string          `json:"output_notice,omitempty"`
	Preprocessing string          `json:"preprocessing,omitempty"`
	Classes       []string        `json:"classes,omitempty"`
	Seed          int64           `json:"seed"`
	Decoder       images.Decoder  `json:"decoder,omitempty"`
	BaseTraining  bool            `json:"base_training,omitempty"`
}

func (m *Model) facts() facts {
	return facts{Backbone: m.Base.Name, Config: m.Base.Config, Source: m.Base.Source, WeightsNote: m.Base.Notice,
		DataNotice: m.DataNotice, InputNotice: m.inputNotice, SizeNotice: m.sizeNotice, OutputNotice: m.outputNotice, Preprocessing: m.preprocessing,
		Classes: m.Classes, Seed: m.Seed, Decoder: m.Decoder, BaseTraining: m.BaseTraining}
}

// take is what facts gives, of a file.
func (m *Model) take(f facts) {
	m.Base.Name, m.Base.Config, m.Base.Source, m.Base.Notice = f.Backbone, f.Config, f.Source, f.WeightsNote
	m.DataNotice, m.inputNotice, m.outputNotice, m.preprocessing = f.DataNotice, f.InputNotice, f.OutputNotice, f.Preprocessing
	m.sizeNotice = f.SizeNotice
	m.Classes, m.Seed, m.Decoder, m.BaseTraining = f.Classes, f.Seed, f.Decoder, f.BaseTraining
	m.Base.Layers = m.baseLayers()
}

// Save writes the whole model to a file that Keras opens, in the format that the ending names: ".h5" and ".keras" hold
// layers and weights, for keras.models.load_model; ".weights.h5" holds weights alone, for model.load_weights. The base
// is a nested model, as Keras has it after base(x, training=False). What Keras does not know is kept beside it, and lost when
// Keras saves the file again; but for the names of the classes, which are also a part of the model's name there, unless they
// take more than 2,000 bytes.
//
// ".onnx" is for other programs, as package onnx says: pixels in, probabilities out. Load does not read it back.
//
// The file appears whole or not at all; an older one stays until then.
func (m *Model) Save(path string) error {
	if strings.HasSuffix(path, ".onnx") {
		return m.saveONNX(path)
	}
	return m.saveKeras(path, keras.Save)
}

func (m *Model) saveKeras(path string, save func(path string, m *keras.Model) error) error {
	extra, err := json.Marshal(m.facts())
	if err != nil {
		return err
	}
	return save(path, &keras.Model{Name: m.name(), Layers: m.Layers, Values: m.Values, Nested: m.nested, Classes: m.Classes,
		Extra: extra})
}

// name is what Keras calls the model.
func (m *Model) name() string {
	switch {
	case m.Name != "":
		return m.Name
	case m.baseStart > 0:
		return "functional"
	}
	return m.Base.Name
}

// Load opens a run and its history, with the weights of its last whole epoch or, with EarlyStopping's
// RestoreBestWeights, of its best one so far; a file that Save or Keras has written, which has no history (nil); or a
// Vision Transformer that transformers or timm has saved: see backbone.OpenClassifier. A name that leads to a file is a
// file, in any of these formats and with any ending; one that leads to a folder with model.safetensors is that; all else is
// a run: see RunDir. A run can be loaded while it is trained. A file of Keras names no classes: Classes is then nil.
//
// The model's images have three channels, or one of grey: images are then decoded as Keras decodes them for it, see
// images.Grey. Its base is the largest nested model; without one, what comes before
// pooling or flattening.
//
// Files of others may leave open what their numbers mean. Logits get a softmax. If the file does not say that they are
// logits, or does not scale its images before its first weights, the model's Notice says so: see SetPreprocessing.
// Load announces the Notice.
func Load(name string) (*Model, *result.History, error) { return LoadSized(name, 0, 0) }

// LoadSized is Load for a file of Keras whose model takes images of any size, (None, None, 3): those that come in are resized
// to this height and width. If both are 0, they are those that a layer of the model brings images to before any other works
// on them, else 224, which the Notice says. A model that says its size takes no other.
func LoadSized(name string, height, width int) (*Model, *result.History, error) {
	m, h, err := load(name, height, width)
	if err == nil && (height != 0 || width != 0) {
		if in := m.Layers[0].Shape; in[0] != height || in[1] != width {
			return nil, nil, fmt.Errorf("%s: its images are of %d×%d pixels: they cannot be of %d×%d", name, in[0], in[1], height, width)
		}
	}
	if err == nil {
		notice.Tell(m.Notice())
	}
	return m, h, err
}

func load(name string, height, width int) (*Model, *result.History, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.Mode().IsRegular():
		if weights.IsSafetensors(name) {
			m, err := loadPretrained(name)
			return m, nil, err
		}
		m, err := loadSized(name, height, width)
		return m, nil, err
	case err == nil && info.IsDir() && !isRun(RunDir(name)):
		if weights.InFolder(name) {
			m, err := loadPretrained(name)
			return m, nil, err
		}
		if err := weights.Foreign(name); err != nil {
			return nil, nil, err
		}
	case err == nil && !info.IsDir():
		return nil, nil, fmt.Errorf("%s is no file: name a run, or a file that Keras has written", name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, nil, err
	case err != nil && slices.Contains(fileEndings, strings.ToLower(filepath.Ext(name))):
		return nil, nil, err
	}
	return loadRun(name)
}

// fileEndings are those of names that are no run's, whether the file is there or not.
var fileEndings = []string{".h5", ".hdf5", ".keras", ".safetensors", ".json", ".onnx", ".tflite", ".pb", ".pt", ".pth", ".bin",
	".ckpt", ".pkl", ".npz"}

// isRun reports whether a folder is that of a run.
func isRun(path string) bool {
	_, err := os.Stat(filepath.Join(path, runName))
	return err == nil
}

func loadFile(path string) (*Model, error) { return loadSized(path, 0, 0) }

func loadSized(path string, height, width int) (*Model, error) {
	k, err := keras.OpenSized(path, height, width)
	if err != nil {
		return nil, err
	}
	m := &Model{Name: k.Name, Layers: k.Layers, Values: k.Values, Classes: k.Classes, Notes: k.Notes,
		nested: k.Nested}
	if err := m.checkShapes(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.findBase()
	m.Base.Source = path
	if k.Extra != nil {
		var f facts
		if err := json.Unmarshal(k.Extra, &f); err != nil {
			return nil, fmt.Errorf("%s: what was saved beside the model cannot be read: %w", path, err)
		}
		m.take(f)
		if m.preprocessing == "" && m.inputNotice == "" && m.Base.Source != "random" { // saved before this was looked at
			m.readInputs(path)
		}
		return m, nil
	}
	if k.Assumed {
		m.sizeNotice = fmt.Sprintf("%s takes images of any size: they are resized to %d×%d, say another with --image-size (LoadSized)",
			path, m.Layers[0].Shape[0], m.Layers[0].Shape[1])
	}
	m.readInputs(path)
	if err := m.readOutputs(path, k.Training); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
