package classifier

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// MultiLabel reports whether the outputs are labels of which an image may have several or none: the model ends in a sigmoid
// of more than one unit, and each of its probabilities stands by itself. Such models predict; Fit trains others.
func (m *Model) MultiLabel() bool {
	last := m.Layers[len(m.Layers)-1]
	return activationOf(last) == "sigmoid" && len(last.Shape) == 1 && last.Shape[0] > 1
}

// checkPredicted reports what keeps the model's outputs from being probabilities.
func (m *Model) checkPredicted() error {
	if m.MultiLabel() {
		return nil
	}
	return m.checkOutputs()
}

// checkTrained reports what keeps Fit from training the model.
func (m *Model) checkTrained() error {
	if err := m.checkOutputs(); err != nil {
		return err
	}
	if in := m.Layers[0].Shape; len(in) == 3 && (in[0] != in[1] || in[2] != 3) {
		return fmt.Errorf("the model reads images of %d×%d pixels and %d channels: it predicts, but only models of square colour "+
			"images are trained here: train it in Keras", in[0], in[1], in[2])
	}
	return nil
}

// checkOutputs reports what keeps the model's outputs from being probabilities of classes that exclude one another.
func (m *Model) checkOutputs() error {
	last := m.Layers[len(m.Layers)-1]
	n := last.Shape[0]
	where := fmt.Sprintf("the model ends in layer %s (%s)", last.Name, last.Op.Class())
	advice := fmt.Sprintf("end it with layer.Dense{Units: %d, Activation: \"softmax\"}", max(2, n))
	_, softmax := m.Layers.Logits()
	switch {
	case n < 2 && softmax:
		return fmt.Errorf("%s of one unit, whose softmax is always 1: give each class a unit; %s", where, advice)
	case softmax:
		return nil
	case n < 2:
		return fmt.Errorf("%s of one unit, which tells two classes apart by one number: give each class a unit; %s", where,
			advice)
	case activationOf(last) == "sigmoid":
		return fmt.Errorf("%s with a sigmoid, whose outputs do not sum to 1: an image may have several of its labels; "+
			"only classes that exclude one another are trained here: %s, or train it in Keras", where, advice)
	}
	return fmt.Errorf("%s without a softmax, so that its outputs are no probabilities: %s", where, advice)
}

// activationOf names the function that a layer ends in; "" is none, "?" one that is not known.
func activationOf(l *layer.Layer) string {
	switch op := l.Op.(type) {
	case layer.Dense:
		return op.Activation
	case layer.Activation:
		return op.Activation
	}
	return "?"
}

// readOutputs puts a softmax behind logits: outputs of a Dense without activation, as Keras's losses take them with
// from_logits=True; of binary losses, which compare each output by itself, a sigmoid. If the model was not compiled with
// that, what the outputs are is a guess, and a notice says so.
func (m *Model) readOutputs(path string, training []byte) error {
	last := m.Layers[len(m.Layers)-1]
	loss, logits := compiledLoss(training)
	if m.MultiLabel() {
		m.Notes = append(m.Notes, fmt.Sprintf("layer %s ends in a sigmoid: each class has a probability of its own, whatever the others "+
			"have; an image may have several of them or none", last.Name))
		if loss != "" && !severalLabels(loss) {
			m.outputNotice = fmt.Sprintf("the last layer %s of %s has a sigmoid, but its loss %s is none of independent labels: "+
				"its outputs are taken for such", last.Name, path, loss)
		}
		return nil
	}
	if activationOf(last) != "" || last.Shape[0] < 2 || severalLabels(loss) && !logits {
		return nil
	}
	function := "softmax"
	if severalLabels(loss) {
		function = "sigmoid"
	}
	b := &layer.Builder{List: m.Layers}
	b.Add("", layer.Activation{Activation: function})
	if b.Err != nil {
		return b.Err
	}
	m.Layers = b.List
	switch {
	case logits:
		m.Notes = append(m.Notes, fmt.Sprintf("layer %s gives logits (from_logits=True): a %s is added", last.Name, function))
	case loss == "":
		m.outputNotice = fmt.Sprintf("%s does not say whether the outputs of its last layer %s are logits: a softmax is added",
			path, last.Name)
	default:
		m.outputNotice = fmt.Sprintf("the last layer %s of %s has no activation, and its loss %s is not said to take logits: "+
			"a softmax is added", last.Name, path, loss)
	}
	return nil
}

// severalLabels reports whether a loss compares each output by itself, as a sigmoid's: such outputs are no logits of a
// softmax.
func severalLabels(loss string) bool {
	loss = strings.ToLower(strings.ReplaceAll(loss, "_", ""))
	return strings.HasPrefix(loss, "binary") && strings.HasSuffix(loss, "crossentropy")
}

// compiledLoss reads the loss from what a model was compiled with: its name, "" if there is none, and whether it takes
// logits. Keras writes a name, an object with its configuration, or one of these for each output.
func compiledLoss(training []byte) (name string, logits bool) {
	var compiled struct{ Loss json.RawMessage }
	if json.Unmarshal(training, &compiled) != nil {
		return "", false
	}
	return readLoss(compiled.Loss)
}

func readLoss(raw json.RawMessage) (name string, logits bool) {
	var object struct {
		Class  string `json:"class_name"`
		Config struct {
			FromLogits bool `json:"from_logits"`
		}
	}
	var list []json.RawMessage
	var byOutput map[string]json.RawMessage
	switch {
	case json.Unmarshal(raw, &name) == nil:
		return name, false
	case json.Unmarshal(raw, &object) == nil && object.Class != "":
		return object.Class, object.Config.FromLogits
	case json.Unmarshal(raw, &list) == nil && len(list) == 1:
		return readLoss(list[0])
	case json.Unmarshal(raw, &byOutput) == nil && len(byOutput) == 1:
		for _, loss := range byOutput {
			return readLoss(loss)
		}
	}
	return "", false
}
