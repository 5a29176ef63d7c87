package serve

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// conversation sends bytes to a server as they are, and gives its answers to the end of the connection. It says that no more
// bytes come as soon as it has so many answers. methods are those of the requests, since an answer to HEAD has no body.
func conversation(t *testing.T, address, sends string, enough int, methods ...string) (answers []*http.Response, bodies []string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, sends); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for {
		if len(answers) == enough {
			c.(*net.TCPConn).CloseWrite()
		}
		if _, err := r.Peek(1); err != nil {
			return answers, bodies
		}
		method := http.MethodGet
		if len(answers) < len(methods) {
			method = methods[len(answers)]
		}
		a, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%.60q: %v", sends, err)
		}
		body, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatalf("%.60q: %v", sends, err)
		}
		if a.StatusCode == http.StatusContinue {
			continue
		}
		answers, bodies = append(answers, a), append(bodies, string(body))
	}
}

// What clients may send on the wire is answered, and what they must not is their error, in a sentence; the server goes on.
func TestWhatComesOverTheWire(t *testing.T) {
	s := loadedServer(t, Config{MaxBody: 4000}, &fake{})
	address, stop := listen(t, s)
	defer stop()
	request := `{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "data": ` + repeated("200", 1) + `}]}`
	var compressed bytes.Buffer
	z := gzip.NewWriter(&compressed)
	io.WriteString(z, request)
	z.Close()
	header := func(version, headers string) string {
		return "POST " + inferPath + " HTTP/" + version + "\r\nHost: x\r\n" + headers + "\r\n"
	}
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	chunks := func(of string) (body string) {
		for len(of) > 0 {
			n := min(len(of), 50)
			body, of = body+fmt.Sprintf("%x\r\n%s\r\n", n, of[:n]), of[n:]
		}
		return body + "0\r\n\r\n"
	}
	whole := header("1.1", length(len(request))) + request
	for _, c := range []struct {
		about, sends string
		methods      []string
		status       []int
	}{
		{"without Content-Type", whole, nil, []int{200}},
		{"another Content-Type", header("1.1", "Content-Type: text/plain\r\n"+length(len(request))) + request, nil, []int{200}},
		{"HTTP/1.0", header("1.0", length(len(request))) + request, nil, []int{200}},
		{"HTTP/1.0 without a length", header("1.0", "") + request, nil, []int{400}},
		{"in chunks", header("1.1", "Transfer-Encoding: chunked\r\n") + chunks(request), nil, []int{200}},
		{"in chunks, compressed", header("1.1", "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n") + chunks(compressed.String()), nil, []int{200}},
		{"GZIP in capitals", header("1.1", "Content-Encoding: GZIP\r\n"+length(compressed.Len())) + compressed.String(), nil, []int{200}},
		{"compressed, but plain", header("1.1", "Content-Encoding: gzip\r\n"+length(len(request))) + request, nil, []int{400}},
		{"compressed twice", header("1.1", "Content-Encoding: gzip, gzip\r\n"+length(compressed.Len())) + compressed.String(), nil, []int{415}},
		{"asked to continue", header("1.1", "Expect: 100-continue\r\n"+length(len(request))) + request, nil, []int{200}},
		{"two at once", whole + whole, nil, []int{200, 200}},
		{"one that is wrong before one that is not", header("1.1", length(2)) + "{}" + whole, nil, []int{400, 200}},
		{"a model that is not there, then one that is", strings.Replace(whole, "steel", "iron", 1) + whole, nil, []int{404, 200}},
		{"closed before the answer", whole, nil, []int{499}},
		{"less than was promised", header("1.1", length(len(request)+1)) + request, nil, []int{400}},
		{"half a chunk", header("1.1", "Transfer-Encoding: chunked\r\n") + "100\r\n{", nil, []int{400}},
		{"no chunk", header("1.1", "Transfer-Encoding: chunked\r\n") + "no chunk\r\n" + request, nil, []int{400}},
		{"nothing", header("1.1", length(0)), nil, []int{400}},
		{"more than is taken", header("1.1", length(5000)) + strings.Repeat("x", 5000), nil, []int{413}},
		{"more than is taken, in chunks", header("1.1", "Transfer-Encoding: chunked\r\n") + chunks(strings.Repeat("x", 5000)), nil, []int{413}},
		{"HEAD", "HEAD /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\nHEAD /v2/models/iron HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HEAD", "HEAD"}, []int{200, 404}},
		{"HEAD of what is posted", "HEAD " + inferPath + " HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HEAD"}, []int{405}},
		{"OPTIONS", "OPTIONS " + inferPath + " HTTP/1.1\r\nHost: x\r\n\r\n", nil, []int{405}},
		{"PUT, DELETE, TRACE, a word", "PUT /v2 HTTP/1.1\r\nHost: x\r\n\r\nDELETE /v2/models/steel HTTP/1.1\r\nHost: x\r\n\r\nTRACE /v2 HTTP/1.1\r\nHost: x\r\n\r\nGIVE /v2 HTTP/1.1\r\nHost: x\r\n\r\n",
			nil, []int{405, 405, 405, 405}},
		{"odd names", "GET /v2/models/a%2Fb/ready HTTP/1.1\r\nHost: x\r\n\r\nGET /v2/models/%00%ff/ready HTTP/1.1\r\nHost: x\r\n\r\nGET /v2/models/st%65el/ready HTTP/1.1\r\nHost: x\r\n\r\n",
			nil, []int{404, 404, 200}},
		{"a query", strings.Replace(whole, "/infer", "/infer?timeout=1;x&%zz", 1), nil, []int{200}},
	} {
		enough := len(c.status)
		if c.about == "closed before the answer" || c.about == "less than was promised" || c.about == "half a chunk" {
			enough = 0
		}
		answers, bodies := conversation(t, address, c.sends, enough, c.methods...)
		var status []int
		for i, a := range answers {
			status = append(status, a.StatusCode)
			var e struct{ Error string }
			if a.StatusCode >= 400 && (c.methods == nil && (json.Unmarshal([]byte(bodies[i]), &e) != nil || e.Error == "") ||
				a.Header.Get("Content-Type") != "application/json") {
				t.Errorf("%s: no error of the protocol: %v %q", c.about, a.Header, bodies[i])
			}
		}
		if fmt.Sprint(status) != fmt.Sprint(c.status) {
			t.Errorf("%s: %v instead of %v: %.200q", c.about, status, c.status, bodies)
		}
	}
	if held := s.bodies.held.Load(); held != 0 {
		t.Errorf("%d bytes are still counted", held)
	}
}

// Values that are no pixels, and shapes that are no images, are the client's error, and say where.
func TestTensorsThatAreNoImages(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	for _, c := range []struct{ shape, datatype, data, says string }{
		{"[1, 4, 4, 3]", "FP32", repeated("NaN", 1), "no inference request"},
		{"[1, 4, 4, 3]", "FP32", repeated("Infinity", 1), "no inference request"},
		{"[1, 4, 4, 3]", "FP32", repeated("1e400", 1), "value 0 is no number"},
		{"[1, 4, 4, 3]", "FP32", repeated("true", 1), "value 0 is no number"},
		{"[1, 4, 4, 3]", "UINT8", repeated("255.0001", 1), "from 0 to 255"},
		{"[-9223372036854775808, 4, 4, 3]", "UINT8", repeated("1", 1), "at least one"},
		{"[9223372036854775807, 4, 4, 3]", "UINT8", repeated("1", 1), "in one request"},
		{"[9223372036854775808, 4, 4, 3]", "UINT8", repeated("1", 1), "no inference request"},
		{"[384307168202282326, 4, 4, 3]", "UINT8", repeated("1", 1), "in one request"}, // times 48 is 32 in 64 bits
		{"[2147483647, 4, 4, 3]", "UINT8", repeated("1", 1), "in one request"},
		{"[1, -4, -4, 3]", "UINT8", repeated("1", 1), "takes [n, 4, 4, 3]"},
		{"[1.0, 4, 4, 3]", "UINT8", repeated("1", 1), "no inference request"},
		{"[]", "UINT8", "[]", "takes [n, 4, 4, 3]"},
		{"null", "UINT8", "[]", "takes [n, 4, 4, 3]"},
		{"[]", "BYTES", "[]", "of shape [n]"},
		{"[1, 1, 1]", "BYTES", `[[["AAAA"]]]`, "of shape [n]"},
		{"[1, 4, 4, 3]", "UINT8", "null", "no array"},
		{"[1]", "BYTES", "null", "has 0 images"},
		{"[1]", "BYTES", `[["AAAA"]]`, "base64"},
		{"[1, 1]", "BYTES", `[["AAAA", "AAAA"]]`, "an image in each row"},
		{"[2, 1]", "BYTES", `[["AAAA"], []]`, "an image in each row"},
		{"[2, 1]", "BYTES", `["AAAA"]`, "has 1 images"},
		{"[1]", "BYTES", `[7]`, "base64"},
		{"[1]", "BYTES", `[""]`, "image 0"},
	} {
		w := ask(s, "POST", inferPath, fmt.Appendf(nil, `{"inputs": [{"name": "image", "shape": %s, "datatype": %q, "data": %s}]}`, c.shape, c.datatype, c.data))
		status := http.StatusBadRequest
		if c.says == "in one request" {
			status = http.StatusRequestEntityTooLarge
		}
		refused(t, w, status, c.says)
	}
}
