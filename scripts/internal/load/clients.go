package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ask sends one request and reads its answer.
func ask(ctx context.Context, client *http.Client, url string, w *work, i int) error {
	request, err := http.NewRequestWithContext(ctx, "POST", url+w.path, bytes.NewReader(w.bodies[i%len(w.bodies)]))
	if err != nil {
		return err
	}
	for name, value := range w.headers {
		request.Header.Set(name, value)
	}
	r, err := client.Do(request)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, text)
	}
	return err
}

// warming is how long clients ask before anything is measured.
const warming = 5 * time.Second

// load lets clients ask, and prints what came of it.
func load(ctx context.Context, s *server, w *work, o options, best float64) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.clients, DisableCompression: true}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	begin := time.Now().Add(warming)
	end := begin.Add(o.length)
	var mutex sync.Mutex
	var group sync.WaitGroup
	var took []time.Duration
	failed := map[string]int{}
	for c := range o.clients {
		group.Go(func() {
			for i := c; time.Now().Before(end) && ctx.Err() == nil; i++ {
				asked := time.Now()
				err := ask(ctx, client, s.url, w, i)
				now := time.Now()
				mutex.Lock()
				switch {
				case err != nil:
					failed[err.Error()]++
				case now.After(begin) && now.Before(end):
					took = append(took, now.Sub(asked))
				}
				mutex.Unlock()
			}
		})
	}
	time.Sleep(time.Until(begin))
	memory := []float64{s.memory()}
	for time.Now().Before(end) && ctx.Err() == nil {
		time.Sleep(min(o.length/6, time.Until(end)))
		memory = append(memory, s.memory())
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(took) == 0 {
		return fmt.Errorf("no request was answered: %v", failed)
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[int(share*float64(len(took)-1))].Seconds() * 1000 }
	rate := float64(len(took)) / o.length.Seconds()
	fmt.Printf("served, %d clients for %v: %.1f images/s, %.2f of the best offline rate\n", o.clients, o.length, rate, rate/best)
	fmt.Printf("latency: p50 %.0f ms, p90 %.0f ms, p99 %.0f ms, largest %.0f ms\n", at(0.5), at(0.9), at(0.99), at(1))
	fmt.Printf("images per batch: %.1f\n", s.metric(`defects_batch_images_sum{model="load"}`)/s.metric(`defects_batch_images_count{model="load"}`))
	fmt.Printf("memory, every %v: %.0f MB\n", o.length/6, memory)
	fmt.Printf("errors: %d %v\n", sum(failed), failed)
	return nil
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
