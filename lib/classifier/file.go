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
	OutputNotice  string          `json:"output_notice,omitempty"`
	Preprocessing string          `json:"preprocessing,omitempty"`
	Classes       []string        `json:"classes,omitempty"`
	Seed          int64           `json:"seed"`
	Decoder       images.Decoder  `json:"decoder,omitempty"`
	BaseTraining  bool            `json:"base_training,omitempty"`
}

func (m *Model) facts() facts {
	return facts{Backbone: m.Base.Name, Config: m.Base.Config, Source: m.Base.Source, WeightsNote: m.Base.Notice,
		DataNotice: m.DataNotice, InputNotice: m.inputNotice, OutputNotice: m.outputNotice, Preprocessing: m.preprocessing,
		Classes: m.Classes, Seed: m.Seed, Decoder: m.Decoder, BaseTraining: m.BaseTraining}
}

// take is what facts gives, of a file.
func (m *Model) take(f facts) {
	m.Base.Name, m.Base.Config, m.Base.Source, m.Base.Notice = f.Backbone, f.Config, f.Source, f.WeightsNote
	m.DataNotice, m.inputNotice, m.outputNotice, m.preprocessing = f.DataNotice, f.InputNotice, f.OutputNotice, f.Preprocessing
	m.Classes, m.Seed, m.Decoder, m.BaseTraining = f.Classes, f.Seed, f.Decoder, f.BaseTraining
	m.Base.Layers = m.baseLayers()
}

// Save writes the whole model to a file that Keras opens, in the format that the ending names: ".h5" and ".keras" hold
// layers and weights, for keras.models.load_model; ".weights.h5" holds weights alone, for model.load_weights. The base
// is a nested model, as Keras has it after base(x, training=False). What Keras does not know, such as the names of the
// classes, is kept beside it.
//
// ".onnx" is for other programs, as package onnx says: pixels in, probabilities out. Load does not read it back.
//
// The file appears whole or not at all; an older one stays until then.
func (m *Model) Save(path string) error {
	if strings.HasSuffix(path, ".onnx") {
		return m.saveONNX(path)
	}
	extra, err := json.Marshal(m.facts())
	if err != nil {
		return err
	}
	return keras.Save(path, &keras.Model{Name: m.name(), Layers: m.Layers, Values: m.Values, Nested: m.nested,
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
// The model's images are square with three channels. Its base is the largest nested model; without one, what comes before
// pooling or flattening.
//
// Files of others may leave open what their numbers mean. Logits get a softmax. If the file does not say that they are
// logits, or does not scale its images before its first weights, the model's Notice says so: see SetPreprocessing.
// Load announces the Notice.
func Load(name string) (*Model, *result.History, error) {
	m, h, err := load(name)
	if err == nil {
		notice.Tell(m.Notice())
	}
	return m, h, err
}

func load(name string) (*Model, *result.History, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.Mode().IsRegular():
		load := loadFile
		if weights.IsSafetensors(name) {
			load = loadPretrained
		}
		m, err := load(name)
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

func loadFile(path string) (*Model, error) {
	k, err := keras.Open(path)
	if err != nil {
		return nil, err
	}
	m := &Model{Name: k.Name, Layers: k.Layers, Values: k.Values, Notes: k.Notes, nested: k.Nested}
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
	m.readInputs(path)
	if err := m.readOutputs(path, k.Training); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
