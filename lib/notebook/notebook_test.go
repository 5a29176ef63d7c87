package notebook

import (
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// recorder stands in for Jupyter, or with jupyter false for a terminal.
type recorder struct {
	text, log strings.Builder
	shown     []string // HTML and Markdown, in order
	updates   []string
	ids       map[string]bool
	exit      []int
}

func record(t *testing.T, jupyter bool) *recorder {
	r := &recorder{ids: map[string]bool{}}
	real := out
	t.Cleanup(func() { out = real })
	show := func(text string) { r.shown = append(r.shown, text) }
	out = output{
		jupyter: jupyter, text: &r.text, log: &r.log, html: show,
		updateHTML: func(id, html string) { r.ids[id] = true; r.updates = append(r.updates, html) },
		exit:       func(code int) { r.exit = append(r.exit, code) },
	}
	return r
}

func picture() *figure.Figure {
	return &figure.Figure{Image: image.NewRGBA(image.Rect(0, 0, 401, 100)), Scale: 2, Alt: `6 "classes" <of> steel`}
}

func TestShowIsAsWideAsTheFigureInCSSPixels(t *testing.T) {
	r := record(t, true)
	Show(picture(), nil)
	if len(r.shown) != 1 || !strings.Contains(r.shown[0], `width="201"`) ||
		!strings.Contains(r.shown[0], `src="data:image/png;base64,iVBORw0K`) {
		t.Errorf("got %.200q", r.shown)
	}
}

func TestTextIsEscaped(t *testing.T) {
	r := record(t, true)
	Show(picture(), nil)
	showNotice(`<script>alert("1")</script>`)
	Growing("<u>class")("<s>a")
	Table([]string{"<b>class"}, [][]string{{"a & <i>b"}})
	all := strings.Join(append(r.shown, r.updates...), "\n")
	for _, raw := range []string{"<of>", "<script>", "<b>", "<i>", "& ", "<u>", "<s>"} {
		if strings.Contains(all, raw) {
			t.Errorf("%q is not escaped", raw)
		}
	}
	for _, escaped := range []string{"&#34;classes&#34; &lt;of&gt;", "&lt;script&gt;", "&lt;b&gt;class", "a &amp; &lt;i&gt;b"} {
		if !strings.Contains(all, escaped) {
			t.Errorf("%q is missing", escaped)
		}
	}
}

func TestShowFailsTheCellOnAnError(t *testing.T) {
	for _, jupyter := range []bool{true, false} {
		r := record(t, jupyter)
		Show(nil, errors.New("no epoch yet"))
		Show(nil, nil)
		if fmt.Sprint(r.exit) != "[1 1]" || !strings.Contains(r.log.String(), "no epoch yet") || len(r.shown) != 0 {
			t.Errorf("jupyter %v: exits %v, log %q, shown %q", jupyter, r.exit, r.log.String(), r.shown)
		}
	}
}

func TestOutsideJupyterThereIsPlainText(t *testing.T) {
	r := record(t, false)
	showNotice("synthetic images")
	Show(picture(), nil)
	Table([]string{"class", "images", "share"}, [][]string{
		{"crazing", "240", "16.7 %"},
		{"rolled-in_scale", "1,200", "−3 %"},
		{"größe"},
	})
	want := `NOTICE: synthetic images
[figure: 6 "classes" <of> steel]
class            images   share
crazing             240  16.7 %
rolled-in_scale   1,200    −3 %
größe
`
	if r.text.String() != want || len(r.shown) != 0 {
		t.Errorf("got\n%s\nwant\n%s", r.text.String(), want)
	}
}

func TestColumnsOfNumbersAreRightAligned(t *testing.T) {
	got := numericColumns(5, [][]string{{"1", "a", "1", "", "±2 %"}, {"-2.5 s", "1", "", "", "1e-3"}, {"3", "2", "x"}})
	if fmt.Sprint(got) != "[true false false false true]" {
		t.Error(got)
	}
	html := tableHTML([]string{"n"}, [][]string{{"3"}})
	for _, want := range []string{`<td style="text-align:right">3</td>`, `<th scope="col" style="text-align:right">n</th>`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
}

func TestWhatAllRowsAnnounceStandsBelowTheTable(t *testing.T) {
	for _, c := range []struct {
		notices []string
		column  bool     // there is still one
		cells   []string // of that column
		below   string
	}{
		{[]string{"drawn; random", "drawn; random"}, false, nil, "drawn; random"},
		{[]string{"drawn; random", "drawn"}, true, []string{"random", ""}, "drawn"},
		{[]string{"random", "drawn"}, true, []string{"random", "drawn"}, ""},
		{[]string{"", ""}, false, nil, ""},
		{[]string{"", "drawn"}, true, []string{"", "drawn"}, ""},
	} {
		var rows [][]string
		for _, n := range c.notices {
			rows = append(rows, []string{"m", n})
		}
		got := tableHTML([]string{"model", "notice"}, rows)
		table, below, _ := strings.Cut(got, "</table>")
		if strings.Contains(table, ">notice<") != c.column || strings.Contains(below, `role="note"`) != (c.below != "") ||
			!strings.Contains(below, c.below) {
			t.Errorf("%q: %s", c.notices, got)
		}
		for _, text := range c.cells {
			if !strings.Contains(table, `<td style="text-align:left">`+text+"</td>") {
				t.Errorf("%q: no cell %q in %s", c.notices, text, table)
			}
		}
		if rows[0][1] != c.notices[0] {
			t.Error("the row was changed")
		}
	}
}

func TestNoticesAreDarkOnADarkPage(t *testing.T) {
	got := noticeHTML("drawn")
	for _, want := range []string{"background:#fff3cd;", "background:light-dark(#fff3cd,#4a3a00)", "color:light-dark(#3d2c00,#fff3cd)"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestGrowingTablesChangeInPlace(t *testing.T) {
	r := record(t, true)
	add := Growing("rate", "loss")
	add(1e-5, "0.5 nats")
	add(0.01)
	if len(r.ids) != 1 || len(r.updates) != 2 || len(r.shown) != 0 {
		t.Fatalf("%d outputs, changed %d times, and %d others", len(r.ids), len(r.updates), len(r.shown))
	}
	for _, want := range []string{">1e-05<", ">0.5 nats<", ">0.01<", ">loss<"} {
		if !strings.Contains(r.updates[1], want) {
			t.Errorf("no %q in %s", want, r.updates[1])
		}
	}
}

func TestGrowingTablesPrintEachRowAtOnce(t *testing.T) {
	r := record(t, false)
	add := Growing("version", "accuracy")
	if add("lesson", "24.4 %"); r.text.String() != "version  accuracy\nlesson     24.4 %\n" {
		t.Errorf("%q", r.text.String())
	}
	if add("scaled input", "40.0 %"); !strings.HasSuffix(r.text.String(), "\nscaled input    40.0 %\n") {
		t.Errorf("%q", r.text.String())
	}
}

// Who opens substitute data or weights tells so; the cell need not.
func TestWhatIsToldIsShownAtOnceAndOnce(t *testing.T) {
	for _, jupyter := range []bool{true, false} {
		r := record(t, jupyter)
		text := fmt.Sprint("random weights ", time.Now().UnixNano())
		notice.Tell(text)
		fmt.Fprintln(&r.text, "a result")
		notice.Tell(text)
		got := strings.Join(r.shown, "") + r.text.String()
		if n := strings.Count(got, text); n != 1 || strings.Index(got, text) > strings.Index(got, "a result") {
			t.Errorf("Jupyter %v: shown %d times: %q", jupyter, n, got)
		}
		if jupyter && !strings.Contains(got, `role="note"`) || !jupyter && !strings.HasPrefix(got, "NOTICE: ") {
			t.Errorf("Jupyter %v: %q", jupyter, got)
		}
	}
}
