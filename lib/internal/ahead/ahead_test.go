package ahead

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAllComeInOrder(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100} {
		var want []int
		for i := range n {
			want = append(want, i*i)
		}
		squares := Of(n, func(i int) int { return i * i })
		for range 2 { // a sequence can be run again
			if got := slices.Collect(squares); !slices.Equal(got, want) {
				t.Errorf("%d: got %v", n, got)
			}
		}
	}
}

func TestTheNextIsMadeWhileTheLastIsUsed(t *testing.T) {
	made := make(chan int, 10)
	for i := range Of(10, func(i int) int { made <- i; return i }) {
		if i == 9 {
			break
		}
		for next := -1; next <= i; { // hangs if the next is made only after this one
			select {
			case next = <-made:
			case <-time.After(10 * time.Second):
				t.Fatalf("while %d is used, %d is not made", i, i+1)
			}
		}
	}
}

func TestNoMoreThanOneIsMadeInAdvance(t *testing.T) {
	var made atomic.Int64
	for i := range Of(20, func(i int) int { made.Add(1); return i }) {
		time.Sleep(time.Millisecond)
		if n := made.Load(); n > int64(i)+2 {
			t.Fatalf("%d made while %d is used", n, i)
		}
	}
}

func TestNothingIsMadeAfterTheLoop(t *testing.T) {
	var working atomic.Bool
	for range Of(100, func(int) int {
		working.Store(true)
		time.Sleep(5 * time.Millisecond)
		working.Store(false)
		return 0
	}) {
		break
	}
	if working.Load() {
		t.Error("the loop ended before the one being made was")
	}
}

func TestPanicReachesTheLoop(t *testing.T) {
	var got []int
	defer func() {
		err, _ := recover().(error)
		if err == nil || !strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), "ahead_test.go") {
			t.Errorf("panic of %v", err)
		}
		if !slices.Equal(got, []int{0, 1}) {
			t.Errorf("before it: %v", got)
		}
	}()
	for i := range Of(5, func(i int) int {
		if i == 2 {
			panic("broken")
		}
		return i
	}) {
		got = append(got, i)
	}
	t.Error("the loop ended as if nothing had happened")
}
