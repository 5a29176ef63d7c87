package serve

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestBodiesAreBounded(t *testing.T) {
	s := loadedServer(t, Config{MaxBody: 1000}, &fake{})
	large := bytes.Repeat([]byte{'x'}, 1001)
	refused(t, ask(s, "POST", "/classify", large), 413, "larger than 1000 bytes")
	refused(t, ask(s, "POST", inferPath, large), 413, "larger than 1000 bytes")
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(bytes.Repeat([]byte{0}, 200_000))
	z.Close()
	refused(t, ask(s, "POST", inferPath, bomb.Bytes(), "Content-Encoding", "gzip"), 413, "larger than 1000 bytes")
	if held := s.bodies.held.Load(); held != 0 {
		t.Errorf("%d bytes are still counted", held)
	}

	// What many clients send together is bounded as well: eight are in the middle of theirs.
	image := grey(t, "png", 2, 2, 0)
	sent, ended := make(chan struct{}), make(chan int)
	var writers []*io.PipeWriter
	for range bodiesInMemory {
		r, w := io.Pipe()
		writers = append(writers, w)
		go func() {
			request, recorder := httptest.NewRequest("POST", "/classify", r), httptest.NewRecorder()
			s.ServeHTTP(recorder, request)
			ended <- recorder.Code
		}()
		go func() {
			w.Write(make([]byte, 1000))
			sent <- struct{}{}
		}()
		<-sent
	}
	for until := time.Now().Add(time.Minute); s.bodies.held.Load() < 8000 && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	refused(t, ask(s, "POST", "/classify", image), 429, "try again")
	for _, w := range writers {
		w.CloseWithError(io.ErrUnexpectedEOF)
		if status := <-ended; status != 400 {
			t.Errorf("half a body: %d", status)
		}
	}
	if got := ask(s, "POST", "/classify", image).Code; got != 200 {
		t.Errorf("after they have gone: %d", got)
	}
}

func TestPixelsAreBounded(t *testing.T) {
	s := loadedServer(t, Config{MaxPixels: 100}, &fake{})
	refused(t, ask(s, "POST", "/classify", grey(t, "png", 11, 10, 0)), 413, "11×10 pixels, the server takes 100")
	refused(t, ask(s, "POST", "/classify", grey(t, "jpeg", 1000, 1, 0)), 413, "1000×1 pixels")
	for range 3 { // what was taken is given back
		if got := ask(s, "POST", "/classify", grey(t, "png", 10, 10, 0)).Code; got != 200 {
			t.Errorf("as large as may be: %d", got)
		}
	}
	// A header that claims more than any memory.
	claims := grey(t, "png", 10, 10, 0)
	copy(claims[16:], "\x7f\xff\xff\xff\x7f\xff\xff\xff")
	if got := ask(s, "POST", "/classify", claims).Code; got != 400 && got != 413 {
		t.Errorf("a picture of 2^62 pixels: %d", got)
	}
}

// Clients that send a header or a body slowly are cut off, and others are answered meanwhile.
func TestSlowClientsAreCutOff(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	s.patience = patience{header: 200 * time.Millisecond, body: 400 * time.Millisecond, answer: time.Second, idle: time.Second}
	address, stop := listen(t, s)
	defer stop()
	for _, sends := range []string{"GET / HTTP/1.1\r\nHost: x\r\nX: ", "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, sends)
		if got := ask(s, "POST", "/classify", grey(t, "png", 2, 2, 0)).Code; got != 200 {
			t.Errorf("beside a slow client: %d", got)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		answer, err := io.ReadAll(c) // to the end of the connection
		if err != nil || len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
			t.Errorf("%.20q: %v, %q", sends, err, answer)
		}
	}
}

// Memory is taken for the images that were admitted, not for what comes.
func TestMoreValuesThanAdmittedAreRefused(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	head := `{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "parameters": {"binary_data_size": 1000000}}]}`
	refused(t, binaryRequest(s, head, make([]byte, 1_000_000)), 400, "has 1000000 bytes, its shape [1 4 4 3] of UINT8 needs 48")
	body := `{"inputs": [{"name": "image", "shape": [1, 4, 4, 3], "datatype": "UINT8", "data": [0` + strings.Repeat(",0", 100_000) + `]}]}`
	refused(t, ask(s, "POST", inferPath, []byte(body)), 400, "more than the 48 values")
}

// A panic while images are read gives back what was admitted.
func TestPanicWhileReadingKeepsNoPlace(t *testing.T) {
	s := loadedServer(t, Config{Queue: 2}, &fake{})
	l, done, err := s.take(s.config.Models[0].Name, "")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for range 3 {
		func() {
			defer func() { recover() }()
			s.predict(t.Context(), l, 1, func() ([][]float32, error) { panic("broken") })
		}()
	}
	if got := ask(s, "POST", "/classify", grey(t, "png", 2, 2, 0)).Code; got != 200 {
		t.Errorf("afterwards: %d", got)
	}
}
