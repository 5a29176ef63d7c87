package lesson

import (
	"fmt"
	"strconv"

	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Results displays a table that compares models, and keeps it as Keep does: parameters that were trained, how many
// images are right, accuracy with its interval, and the time that training took, the pass over the frozen layers included. What it returns adds a model,
// below those before. The history may be nil for a model that was not trained here.
func Results(table string) (add func(name string, trainable int, h *result.History, c *metrics.Confusion)) {
	row := Growing(table, "model", "trainable parameters", "right", "accuracy", "95 % interval", "epochs", "seconds in all",
		"of them, frozen layers", "notice")
	return func(name string, trainable int, h *result.History, c *metrics.Confusion) {
		epochs, seconds, frozen, notices := "", "", "", c.Notice
		if h != nil {
			epochs, seconds, frozen = strconv.Itoa(h.Epochs()), fmt.Sprintf("%.1f", h.TotalSeconds()),
				fmt.Sprintf("%.1f", h.FeatureSeconds)
			notices = notice.Join(c.Notice, h.Notice)
		}
		row(name, trainable, fmt.Sprintf("%d of %d", c.Correct(), c.Total()), fmt.Sprintf("%.2f %%", 100*c.Accuracy()), c.Interval(), epochs, seconds, frozen, notices)
	}
}
