package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/transfer-learning-go/defects/scripts/internal/cell/mistakes"
)

// wire is what a kernel sends: a greeting, a command, a short message, and a long one.
func wire() []byte {
	greeting := make([]byte, greetingSize)
	greeting[0], greeting[9], greeting[10] = 0xff, 0x7f, 3
	copy(greeting[12:], "NULL")
	out := appendFrame(greeting, command, []byte("\x05READY"))
	out = appendFrame(out, more, []byte("topic"))
	out = appendFrame(out, 0, nil)
	return appendFrame(out, 0, bytes.Repeat([]byte("figure"), 20000))
}

func TestWhatIsNotChangedArrivesAsItWasSent(t *testing.T) {
	var to bytes.Buffer
	var sizes []int
	frames(&to, iotest.OneByteReader(bytes.NewReader(wire())), func(message [][]byte) [][][]byte {
		sizes = append(sizes, len(message))
		return [][][]byte{message}
	})
	if !bytes.Equal(to.Bytes(), wire()) {
		t.Errorf("%d bytes of %d arrive, or others", to.Len(), len(wire()))
	}
	if len(sizes) != 2 || sizes[0] != 2 || sizes[1] != 1 {
		t.Errorf("messages of %v frames", sizes)
	}
}

func TestAnotherProtocolIsPassedOn(t *testing.T) {
	for _, text := range [][]byte{append([]byte("HTTP/1.1 200"), make([]byte, 100)...), append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'}, make([]byte, 100)...)} {
		var to bytes.Buffer
		frames(&to, bytes.NewReader(text), func([][]byte) [][][]byte { t.Error("a message is seen"); return nil })
		if !bytes.Equal(to.Bytes(), text) {
			t.Errorf("%q becomes %q", text, to.Bytes())
		}
	}
}

// conversation is a kernel that publishes, and one of its clients.
type conversation struct {
	*testing.T
	*published
	number int
}

func begin(t *testing.T, code string) *conversation {
	o := &outputs{key: []byte("secret"), reports: map[execution]*report{}, notebook: func(string) []string { return nil }}
	o.session.Packages = mistakes.Finder("")
	c := &conversation{T: t, published: &published{outputs: o}}
	c.cell(code)
	return c
}

func (c *conversation) cell(code string) string {
	c.number++
	return c.say("execute_input", map[string]any{"code": code, "execution_count": c.number})
}

func (c *conversation) message(kind string, content any) message {
	text, err := json.Marshal(content)
	if err != nil {
		c.Fatal(err)
	}
	header, _ := json.Marshal(head{ID: "m", Type: kind})
	parent, _ := json.Marshal(head{ID: "request", Type: "execute_request"}) // as two clients of one session may both name it
	return message{before: [][]byte{[]byte(kind)}, header: header, parent: parent, metadata: []byte("{}"), content: text}
}

// say gives what becomes of a message, as text. Each is signed.
func (c *conversation) say(kind string, content any) (seen string) {
	for _, parts := range c.change(c.message(kind, content).parts(c.key)) {
		seen += c.text(parts)
	}
	return seen
}

func (c *conversation) text(parts [][]byte) string {
	c.Helper()
	m, ok := read(parts)
	if !ok {
		c.Fatalf("%q is no message", parts)
	}
	mac := hmac.New(sha256.New, c.key)
	mac.Write(bytes.Join([][]byte{m.header, m.parent, m.metadata, m.content}, nil))
	if got := string(parts[len(m.before)+1]); got != hex.EncodeToString(mac.Sum(nil)) {
		c.Errorf("the signature %s", got)
	}
	var content struct {
		Text  string            `json:"text"`
		Value string            `json:"evalue"`
		State string            `json:"execution_state"`
		Data  map[string]string `json:"data"`
	}
	json.Unmarshal(m.content, &content)
	return "[" + headOf(m.header).Type + "] " + content.Text + content.Value + content.State + content.Data["text/plain"] + "\n"
}

func (c *conversation) stderr(text string) string {
	return c.say("stream", map[string]string{"name": "stderr", "text": text})
}

func (c *conversation) failed(value string) string {
	return c.say("error", failure{"ERROR", value, []string{value}})
}

func (c *conversation) idle() string {
	return c.say("status", map[string]string{"execution_state": "idle"})
}

const (
	stack = "panic: no images\n\ngoroutine 1 [running]:\nmain.main()\n\t"
	where = " \x1b[7m[[ Cell [1] Line 2 ]]\x1b[0m /tmp/gonb_1/main.go:9 +0x1\n"
)

func TestAPanicIsSaidOnce(t *testing.T) {
	c := begin(t, "%%\npanic(err)")
	got := c.stderr("reading\n") + c.stderr(stack) + c.stderr(where) + c.stderr("exit status 2\n") + c.failed("exit status 2") + c.idle()
	want := "[stream] reading\n\n[error] Cell [1], line 2: panic: no images\n    panic(err)\n[status] idle\n"
	if got != want {
		t.Errorf("a student sees\n%s\nand not\n%s", got, want)
	}
	// Another client sees the same, and so does who asked.
	other := &conversation{T: t, published: &published{outputs: c.outputs}}
	again := other.cell("%%\npanic(err)") + other.stderr(stack+where) + other.failed("exit status 2")
	if !strings.HasSuffix(again, "[error] Cell [1], line 2: panic: no images\n    panic(err)\n") {
		t.Errorf("another client sees\n%s", again)
	}
	reply := c.message("execute_reply", map[string]any{"status": "error", "evalue": "exit status 2", "execution_count": 1})
	if got := c.text(c.reply(reply.parts(c.key))[0]); got != "[execute_reply] Cell [1], line 2: panic: no images\n    panic(err)\n" {
		t.Errorf("the reply is %s", got)
	}
}

func TestTwoClientsThatNameTheirRequestsAlike(t *testing.T) {
	c := begin(t, "%%\npanic(err)")
	first := c.stderr(stack+where) + c.failed("exit status 2") + c.idle()
	second := c.cell("%%\nfor {}") + c.failed("signal: interrupt")
	if strings.Contains(second, "panic") || !strings.HasSuffix(second, "[error] Cell [2]: stopped\n") {
		t.Errorf("after\n%s\na student sees\n%s", first, second)
	}
}

func TestWhatOnlyLooksLikeLastWordsIsShown(t *testing.T) {
	c := begin(t, "%%\nwarn()")
	got := c.stderr("a panic: no\n") + c.stderr("Error: a file is missing\n") + c.stderr("exit status 1\n") + c.stderr("is what it said\n") +
		c.stderr("panic: not mine\n") + c.stderr("done\n") + c.idle()
	if want := "[stream] a panic: no\n\n[stream] Error: a file is missing\n\n[stream] exit status 1\nis what it said\n\n" +
		"[stream] panic: not mine\ndone\n\n[status] idle\n"; got != want {
		t.Errorf("a student sees\n%s\nand not\n%s", got, want)
	}
}

func TestAProgramThatGivesUp(t *testing.T) {
	c := begin(t, "%%\nos.Exit(1)")
	got := c.stderr("no images\n") + c.stderr("exit status 1\n") + c.failed("exit status 1")
	if want := "[stream] no images\n\n[error] Cell [1]: the program ended with exit status 1\n"; got != want {
		t.Errorf("a student sees\n%s\nand not\n%s", got, want)
	}
	c = begin(t, "%%\nfor {}")
	if got := c.stderr("^C\nsignal: interrupt\n") + c.failed("signal: interrupt"); got != "[error] Cell [1]: stopped\n" {
		t.Errorf("after an interrupt: %s", got)
	}
}

func TestAnErrorOfTheLibrary(t *testing.T) {
	c := begin(t, "%%\nnotebook.Show(nil, err)")
	got := c.stderr("reading\nError: no epoch yet\n\t \x1b[7m[[ Cell [1] Line 2 ]]\x1b[0m /tmp/gonb_1/main.go:9\n") + c.stderr("exit status 1\n") + c.failed("exit status 1")
	if want := "[stream] reading\n\n[error] Cell [1], line 2: no epoch yet\n    notebook.Show(nil, err)\n"; got != want {
		t.Errorf("a student sees\n%s\nand not\n%s", got, want)
	}
}

func TestANoteComesBeforeTheCellEnds(t *testing.T) {
	c := begin(t, "var best = 0.5")
	c.idle()
	c.cell("%%\nbest = 1")
	got := c.say("stream", map[string]string{"name": "stdout", "text": "1\n"}) + c.idle()
	if !strings.HasPrefix(got, "[stream] 1\n\n[display_data] Cell [2], line 2: best is declared in cell [1]") || !strings.HasSuffix(got, "[status] idle\n") {
		t.Errorf("a student sees\n%s", got)
	}
}

func TestWhatIsNotUnderstoodStays(t *testing.T) {
	c := begin(t, "%env A")
	if got := c.failed("`%env` takes 2 arguments"); got != "[error] `%env` takes 2 arguments\n" {
		t.Error(got)
	}
}

func TestACommandThatThereIsNot(t *testing.T) {
	const words = `" unknown or not implemented yet.`
	c := begin(t, "%matplotlib inline\n%%\nfmt.Println(1)")
	want := "[stream] Cell [1], line 1: there is no command %matplotlib\n    %matplotlib inline\nLeave it out: figures are drawn inline.\n\n"
	if got := c.stderr(`"%matplotlib` + words); got != want {
		t.Errorf("a student sees\n%s\nand not\n%s", got, want)
	}
	c.idle()
	c.cell("import \"os\"\n%timeit os.Args")
	want = "[stream] Cell [2], line 2: there is no command %timeit\n    %timeit os.Args\nLeave it out, or see %help for the commands that there are.\n\n"
	if got := c.stderr(`"%timeit` + words); got != want {
		t.Errorf("a student sees\n%s\nand not\n%s", got, want)
	}
	if got := c.stderr("x " + `"%timeit` + words); got != `[stream] x "%timeit`+words+"\n" {
		t.Errorf("what a program says itself becomes %s", got)
	}
}
