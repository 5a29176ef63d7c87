package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Claims lets processes on any number of machines divide work among them, in a folder that all of them see: whoever holds
// the claim of a name does what that name stands for.
//
// The n-th claim of a name is the file .NAME.claim-n, which is made exclusively, so that one process has it. It is never
// removed: who takes over from a holder that has died makes the next. The holder writes another number into its file at
// every beat. Who looks on takes it for dead when it was the same at six looks in a row, two beats apart. So no clock is
// compared with another's, and no lock of the file system is needed.
//
// It relies on exclusive creation being atomic, and on a file that is opened anew showing what was synced before: local
// file systems give that, NFS from version 3 on, and cluster file systems.
//
// A holder that was stopped for longer, or cut off, is a holder no more and may not know it yet. What it writes meanwhile
// must harm nobody: work in a folder that is named for Claim.Number, which the next holder renames for its own, and publish
// by a rename of that folder, which only one of them can do.
type Claims struct {
	Folder string
	Beat   time.Duration // 0 is 10 s; the same for all processes

	seen map[string]look
}

// look is what was seen of the last claim of a name.
type look struct {
	number  int
	content string
	at      time.Time
	same    int // how many looks before gave the same
}

const (
	usualBeat = 10 * time.Second
	deadLooks = 6
)

// released is the content of a claim whose holder has given it back. It is as long as that of one who has not.
const (
	held     = "held %9d\n"
	released = "released      \n"
)

func (c *Claims) beat() time.Duration {
	if c.Beat == 0 {
		return usualBeat
	}
	return c.Beat
}

// Patience is the time between two looks at a claim. Earlier ones tell nothing.
func (c *Claims) Patience() time.Duration { return 2 * c.beat() }

func (c *Claims) path(name string, number int) string {
	return filepath.Join(c.Folder, fmt.Sprintf(".%s.claim-%d", name, number))
}

// Take takes the claim of a name if nobody has it, or if its holder has died. Otherwise the claim is nil, and alive says
// whether the holder has shown a sign of life since the look before: call it again after Patience to find out. It must not
// be called by two goroutines at once.
func (c *Claims) Take(name string) (claim *Claim, alive bool, err error) {
	number := 0
	for {
		_, err := os.Stat(c.path(name, number+1))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, false, fmt.Errorf("claim of %s: %w", name, err)
		}
		number++
	}
	if number > 0 {
		content, err := os.ReadFile(c.path(name, number))
		if err != nil {
			return nil, false, fmt.Errorf("claim of %s: %w", name, err)
		}
		if string(content) != released {
			dead, alive := c.look(name, number, string(content))
			if !dead {
				return nil, alive, nil
			}
		}
	}
	return c.make(name, number+1)
}

// look compares a claim with what it was.
func (c *Claims) look(name string, number int, content string) (dead, alive bool) {
	before, known := c.seen[name]
	passed := time.Since(before.at)
	if known && before.number == number && before.content == content {
		if passed < c.Patience() {
			return false, false
		}
		before.at = time.Now()
		before.same++
		c.seen[name] = before
		return before.same >= deadLooks, false
	}
	if c.seen == nil {
		c.seen = map[string]look{}
	}
	c.seen[name] = look{number: number, content: content, at: time.Now()}
	return false, known && passed < deadLooks*c.Patience()
}

// make makes the claim of a number, unless another process does.
func (c *Claims) make(name string, number int) (*Claim, bool, error) {
	if err := os.MkdirAll(c.Folder, 0o777); err != nil {
		return nil, false, fmt.Errorf("claim of %s: %w", name, err)
	}
	f, err := os.OpenFile(c.path(name, number), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("claim of %s: %w", name, err)
	}
	lost := make(chan struct{})
	claim := &Claim{Number: number, Lost: lost, next: c.path(name, number+1), file: f, stop: make(chan struct{})}
	claim.write(fmt.Sprintf(held, 0))
	claim.beats.Go(func() { claim.live(c.beat(), lost) })
	return claim, false, nil
}

// Claim is a claim that this process holds.
type Claim struct {
	Number int             // of the claims that there were of this name, from 1
	Lost   <-chan struct{} // closed when another process has taken it over

	next  string // the claim of whoever takes over
	file  *os.File
	stop  chan struct{}
	beats sync.WaitGroup
	once  sync.Once
}

// live shows that this process lives, until the claim is released or lost.
func (c *Claim) live(beat time.Duration, lost chan<- struct{}) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-c.stop:
			return
		case <-ticker.C:
		}
		if c.IsLost() {
			close(lost)
			return
		}
		c.write(fmt.Sprintf(held, n%1e9))
	}
}

// write replaces the content of the file. One that cannot be written shows no life, and is lost in time.
func (c *Claim) write(content string) {
	if _, err := c.file.WriteAt([]byte(content), 0); err == nil {
		c.file.Sync()
	}
}

// IsLost reports whether another process has taken the claim over, also if that is not noticed yet.
func (c *Claim) IsLost() bool {
	_, err := os.Stat(c.next)
	return err == nil
}

// Release gives the claim back: the next process takes it at once. A second call does nothing.
func (c *Claim) Release() {
	c.once.Do(func() {
		close(c.stop)
		c.beats.Wait()
		c.write(released)
		c.file.Close()
	})
}
