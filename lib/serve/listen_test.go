package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// listen serves on a free port of this machine. stop ends it, and fails the test if something was cut off.
func listen(t *testing.T, s *Server) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, nil) }()
	return l.Addr().String(), func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// slow is an engine that takes a while.
type slow struct{ *fake }

func (s slow) predict(ctx context.Context, pixels [][]float32) ([][]float32, error) {
	time.Sleep(3 * time.Millisecond)
	return s.fake.predict(ctx, pixels)
}

// load sends images from many clients until stop, and gives how many were answered, by version. An answer that is no
// prediction fails the test; that nobody answers any more ends a client.
func load(t *testing.T, address string, clients int, stop <-chan struct{}) (wait func() map[string]int) {
	image := grey(t, "png", 2, 2, 200)
	var mutex sync.Mutex
	var group sync.WaitGroup
	answered := map[string]int{}
	for range clients {
		group.Go(func() {
			client := http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := client.Post("http://"+address+"/classify", "image/png", bytes.NewReader(image))
				if err != nil {
					return
				}
				body, err := io.ReadAll(r.Body)
				r.Body.Close()
				var c classification
				if err == nil {
					err = json.Unmarshal(body, &c)
				}
				if err != nil || r.StatusCode != 200 || c.Class != map[string]string{"1": "bright", "2": "dark", "3": "dark"}[c.Version] {
					t.Errorf("%d %v: %s", r.StatusCode, err, body)
					return
				}
				mutex.Lock()
				answered[c.Version]++
				mutex.Unlock()
			}
		})
	}
	return func() map[string]int {
		group.Wait()
		return answered
	}
}

// Each request that reached the server has an answer, also those that came just before the end.
func TestShutdownAnswersWhatWasTaken(t *testing.T) {
	s := loadedServer(t, Config{}, slow{&fake{}})
	address, stop := listen(t, s)
	wait := load(t, address, 16, nil)
	more(t, s, 100)
	stop()
	got := wait()["1"]
	if taken := requestsOf(t, s, "POST /classify"); got < 100 || got != taken {
		t.Errorf("%d requests were taken, %d answered", taken, got)
	}
	if w := ask(s, "GET", "/v2/health/ready", nil); w.Code != 503 {
		t.Errorf("ready after the end: %d", w.Code)
	}
	refused(t, ask(s, "POST", "/classify", grey(t, "png", 2, 2, 0)), 503, "has stopped")
}

func TestModelsAreSwappedWithoutALostRequest(t *testing.T) {
	first, second := &fake{}, &fake{shift: 1}
	s := loadedServer(t, Config{}, slow{first}, slow{second}, slow{&fake{shift: 1}})
	address, stop := listen(t, s)
	enough := make(chan struct{})
	wait := load(t, address, 16, enough)
	for range 2 {
		more(t, s, 50)
		if err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	more(t, s, 50)
	close(enough)
	got := wait()
	stop()
	if got["1"] == 0 || got["2"] == 0 || got["3"] == 0 || got["1"]+got["2"]+got["3"] != requestsOf(t, s, "POST /classify") {
		t.Errorf("answers by version: %v, of %d requests", got, requestsOf(t, s, "POST /classify"))
	}
	if !first.closed.Load() || !second.closed.Load() {
		t.Error("an old model is still in memory")
	}
}

// more waits until n more images have been classified.
func more(t *testing.T, s *Server, n int) {
	t.Helper()
	until := time.Now().Add(time.Minute)
	for enough := requestsOf(t, s, "POST /classify") + n; requestsOf(t, s, "POST /classify") < enough; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not %d answers within a minute", n)
		}
	}
}

// requestsOf counts requests by what the metrics say, whatever their status.
func requestsOf(t *testing.T, s *Server, route string) int {
	t.Helper()
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "defects_requests_total" && l.GetName() == "route" && l.GetValue() == route {
					n += int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return n
}

func TestListenersThatFailEndTheServer(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := s.Serve(t.Context(), l, nil); err == nil {
		t.Error("no error")
	}
}
