package classifier

import "github.com/transfer-learning-go/defects/lib/result"

// figures are those that EarlyStopping and ReduceLROnPlateau can monitor, by name.
func figures(h *result.History) map[string][]float64 {
	return map[string][]float64{"loss": h.Loss, "accuracy": h.Accuracy, "val_loss": h.ValLoss,
		"val_accuracy": h.ValAccuracy}
}
