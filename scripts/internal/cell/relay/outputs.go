package main

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/transfer-learning-go/defects/scripts/internal/cell/mistakes"
)

// outputs is what all connections know of the cells that run.
type outputs struct {
	key      []byte
	notebook func(running string) []string // the code cells of the notebook's file

	mu      sync.Mutex
	session mistakes.Session
	reports map[execution]*report
}

// execution is a run of a cell. Two clients may give their requests the same name.
type execution struct {
	request string
	number  int // of the cell
}

// report is what is said of a cell that has failed, or has run.
type report struct {
	made  chan struct{} // closed when the rest is there
	error failure
	stack string // to be folded
	rest  string // of stderr, which is none of the error's
	note  string
}

// failure is the content of an error, and part of that of an execute_reply.
type failure struct {
	Name      string   `json:"ename"`
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"`
}

var (
	ended    = regexp.MustCompile(`^(?:\^C\n)?(?:exit status \d+|signal: [a-z ]+(?: \(core dumped\))?)\n?$`)
	compiler = regexp.MustCompile(`^Interrupted while |main(?:_test)?\.go:\d+:\d+: |^failed to run |cannot find module providing|exit status \d+\n*$`)
)

// of gives the report of a run. The first who asks has it made.
func (o *outputs) of(run execution, make func(*report)) *report {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.entry(run)
	select {
	case <-r.made:
	default:
		make(r)
		close(r.made)
	}
	return r
}

func (o *outputs) entry(run execution) *report {
	if o.reports[run] == nil {
		o.reports[run] = &report{made: make(chan struct{})}
	}
	return o.reports[run]
}

// run notes that a cell begins. Each connection tells of it.
func (o *outputs) run(number int, code string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.session.Cells) == 0 || o.session.Cells[len(o.session.Cells)-1].Number < number {
		o.session.Run(number, code)
	}
}

// explain makes the report of a cell that has failed. What is not understood stays as it is.
func (o *outputs) explain(r *report, said failure, held string) {
	r.error = said
	switch {
	case ended.MatchString(said.Value):
		var problem mistakes.Problem
		problem, r.rest, r.stack = o.session.Died(said.Value, held)
		r.error = o.failure(problem)
	case compiler.MatchString(said.Value):
		if n := len(o.session.Cells); n > 0 {
			o.session.Notebook = o.notebook(o.session.Cells[n-1].Code)
		}
		if problems := o.session.Compile(said.Value, said.Traceback); len(problems) > 0 {
			r.error = o.failure(problems...)
		}
	}
}

// command is what is said instead of GoNB's words on a command that it does not know, or "".
func (o *outputs) command(said string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.session.Command(said)
}

func (o *outputs) failure(problems ...mistakes.Problem) failure {
	text := strings.TrimRight(o.session.Text(problems), "\n")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "Cell [") {
			lines[i] = "\x1b[1m" + line + "\x1b[0m"
		}
	}
	return failure{"Error", text, lines}
}

// published is what one connection has seen of the cell that runs.
type published struct {
	*outputs
	running execution // none if it has no request
	held    string    // the last lines of stderr, if they may be the program's last words
	holds   bool
	newLine bool   // stderr is at the beginning of a line
	ended   string // what is said of the program's end, if an error says it too
}

// change lets the outputs of a cell through, but for what it ends with.
func (p *published) change(parts [][]byte) [][][]byte {
	m, ok := read(parts)
	if !ok {
		return [][][]byte{parts}
	}
	request := headOf(m.parent).ID
	kind := headOf(m.header).Type
	if kind == "execute_input" {
		var input struct {
			Code  string `json:"code"`
			Count int    `json:"execution_count"`
		}
		if json.Unmarshal(m.content, &input) == nil {
			p.running, p.held, p.holds, p.newLine = execution{request, input.Count}, "", false, true
			p.ended = ""
			p.run(input.Count, input.Code)
		}
	}
	if request == "" || request != p.running.request {
		return [][][]byte{parts}
	}
	switch kind {
	case "stream":
		return p.stream(m, parts)
	case "error":
		var said failure
		json.Unmarshal(m.content, &said)
		r := p.of(p.running, func(r *report) { p.explain(r, said, p.held) })
		out := p.flush(m, r.rest)
		p.held, p.ended = "", ""
		out = append(out, m.with(r.error).parts(p.key))
		if r.stack != "" {
			out = append(out, m.another("display_data", display("Go's stack: "+r.stack, "<details><summary>Go's stack</summary><pre>"+
				html.EscapeString(r.stack)+"</pre></details>")).parts(p.key))
		}
		return out
	case "status":
		var status struct {
			State string `json:"execution_state"`
		}
		json.Unmarshal(m.content, &status)
		if status.State != "idle" {
			break
		}
		r := p.of(p.running, func(r *report) { r.note = p.session.Lost() })
		out := p.flush(m, p.held+p.ended)
		if r.note != "" {
			out = append(out, m.another("display_data", display(r.note,
				`<div style="border-left:4px solid #7a8a99;padding:.2em .7em">`+html.EscapeString(r.note)+"</div>")).parts(p.key))
		}
		p.running = execution{}
		return append(out, parts)
	}
	return [][][]byte{parts}
}

// stream holds back the last words on stderr, and GoNB's "exit status 1", which the error says too.
func (p *published) stream(m message, parts [][]byte) [][][]byte {
	var stream struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	if json.Unmarshal(m.content, &stream) != nil || stream.Name != "stderr" {
		return [][][]byte{parts}
	}
	if said := p.command(stream.Text); said != "" {
		return p.flush(m, said)
	}
	if ended.MatchString(stream.Text) {
		stream.Text, p.ended = p.ended, stream.Text
	} else {
		stream.Text, p.ended = p.ended+stream.Text, ""
	}
	before, after := stream.Text, ""
	if p.holds {
		before, after = "", stream.Text
	} else {
		begin := 0
		for line := range strings.SplitAfterSeq(stream.Text, "\n") {
			if (begin > 0 || p.newLine) && mistakes.Dying(stream.Text[begin:]) {
				before, after, p.holds = stream.Text[:begin], stream.Text[begin:], true
				break
			}
			begin += len(line)
		}
		p.newLine = stream.Text == "" && p.newLine || strings.HasSuffix(stream.Text, "\n")
	}
	p.held += after
	return p.flush(m, before)
}

// flush shows text that was held back.
func (p *published) flush(m message, text string) [][][]byte {
	if text == "" {
		return nil
	}
	return [][][]byte{m.another("stream", map[string]string{"name": "stderr", "text": text}).parts(p.key)}
}

func display(text, html string) any {
	return map[string]any{"data": map[string]string{"text/plain": text, "text/html": html}, "metadata": map[string]any{},
		"transient": map[string]any{}}
}

// reply gives the answer to a request the words of the error that was published.
func (o *outputs) reply(parts [][]byte) [][][]byte {
	m, ok := read(parts)
	if !ok || headOf(m.header).Type != "execute_reply" {
		return [][][]byte{parts}
	}
	content := map[string]any{}
	if json.Unmarshal(m.content, &content) != nil || content["status"] != "error" {
		return [][][]byte{parts}
	}
	number, _ := content["execution_count"].(float64)
	o.mu.Lock()
	r := o.entry(execution{headOf(m.parent).ID, int(number)})
	o.mu.Unlock()
	select {
	case <-r.made:
	case <-time.After(time.Second): // nobody listens to what is published
		return [][][]byte{parts}
	}
	content["ename"], content["evalue"], content["traceback"] = r.error.Name, r.error.Value, r.error.Traceback
	return [][][]byte{m.with(content).parts(o.key)}
}
