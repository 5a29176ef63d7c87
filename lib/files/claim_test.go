package files

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const testBeat = 20 * time.Millisecond

func take(t *testing.T, c *Claims, name string) *Claim {
	t.Helper()
	claim, _, err := c.Take(name)
	if err != nil {
		t.Fatal(err)
	}
	if claim != nil {
		t.Cleanup(claim.Release)
	}
	return claim
}

func TestOneOfManyGetsAClaim(t *testing.T) {
	folder := t.TempDir()
	var got [40]atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c := &Claims{Folder: folder}
			for i := range got {
				claim, _, err := c.Take(fmt.Sprint("name", i))
				if err != nil {
					t.Error(err)
				}
				if claim != nil {
					t.Cleanup(claim.Release)
					got[i].Add(1)
				}
			}
		})
	}
	all.Wait()
	for i := range got {
		if n := got[i].Load(); n != 1 {
			t.Errorf("claim %d has %d holders", i, n)
		}
	}
}

func TestClaimIsGivenBackAtOnce(t *testing.T) {
	a, b := &Claims{Folder: t.TempDir()}, &Claims{}
	b.Folder = a.Folder
	first := take(t, a, "x")
	if take(t, b, "x") != nil {
		t.Fatal("a claim has two holders")
	}
	first.Release()
	first.Release()
	if second := take(t, b, "x"); second == nil || second.Number != 2 || take(t, a, "x") != nil {
		t.Errorf("after it was given back: %+v", second)
	}
}

func TestClaimOfTheLivingIsNotTakenOver(t *testing.T) {
	a := &Claims{Folder: t.TempDir(), Beat: testBeat}
	b := &Claims{Folder: a.Folder, Beat: testBeat}
	take(t, a, "x")
	signs := 0
	for range 2 * deadLooks {
		claim, alive, err := b.Take("x")
		if claim != nil || err != nil {
			t.Fatal("it was taken over", err)
		}
		if alive {
			signs++
		}
		time.Sleep(b.Patience() + testBeat)
	}
	if signs == 0 {
		t.Error("the holder showed no life")
	}
}

func TestClaimOfTheDeadIsTakenOverOnce(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, ".x.claim-1"), fmt.Appendf(nil, held, 7), 0o644); err != nil {
		t.Fatal(err)
	}
	var holders []*Claim
	others := []*Claims{{Folder: folder, Beat: testBeat}, {Folder: folder, Beat: testBeat}}
	for looks := 0; len(holders) == 0; looks++ {
		for _, c := range others {
			if claim := take(t, c, "x"); claim != nil {
				holders = append(holders, claim)
				if looks < deadLooks {
					t.Errorf("taken over at look %d", looks+1)
				}
			}
		}
		if looks > 10*deadLooks {
			t.Fatal("nobody takes it over")
		}
		time.Sleep(others[0].Patience())
	}
	if len(holders) != 1 || holders[0].Number != 2 {
		t.Errorf("%d holders", len(holders))
	}
	names, err := filepath.Glob(filepath.Join(folder, ".x.*"))
	if err != nil || !slices.Equal(names, []string{filepath.Join(folder, ".x.claim-1"), filepath.Join(folder, ".x.claim-2")}) {
		t.Errorf("the folder holds %q, %v", names, err)
	}
}

// It wakes up, is told, and what it writes then is not what others look at.
func TestHolderThatWasTakenForDead(t *testing.T) {
	a, b := &Claims{Folder: t.TempDir(), Beat: testBeat}, &Claims{}
	b.Folder = a.Folder
	asleep := take(t, a, "x")
	second, _, err := b.make("x", 2)
	if err != nil || second == nil {
		t.Fatal(second, err)
	}
	t.Cleanup(second.Release)
	select {
	case <-asleep.Lost:
	case <-time.After(10 * time.Second):
		t.Fatal("it is not told")
	}
	asleep.Release()
	if take(t, a, "x") != nil {
		t.Error("it gave back what is not its own")
	}
	select {
	case <-second.Lost:
		t.Error("the new holder has lost it, too")
	default:
	}
}

func TestClaimInAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := (&Claims{Folder: file}).Take("x"); err == nil {
		t.Error("no error")
	}
}
