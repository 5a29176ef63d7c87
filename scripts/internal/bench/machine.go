package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// usage is the processor time that was spent up to a moment.
type usage struct {
	when         time.Time
	all, own     float64 // seconds: of the whole machine, and of this program with the programs that it waited for
	wholeMachine bool    // whether all is known
}

func usageNow() usage {
	u := usage{when: time.Now()}
	var user, nice, system, idle, wait, irq, soft, steal float64
	text, _ := os.ReadFile("/proc/stat") // of other systems nothing is known
	var cpu string
	_, err := fmt.Sscan(string(text), &cpu, &user, &nice, &system, &idle, &wait, &irq, &soft, &steal)
	u.wholeMachine = err == nil
	u.all = (user + nice + system + irq + soft + steal) / 100 // Linux counts in hundredths
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			u.own += time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
		}
	}
	return u
}

// busy is how many cores' worth of time other programs took between two moments from which the figures suffer.
const busy = 0.1

// others says what other programs took since then, and whether it spoils the figures.
func (u usage) others(now usage) (note string, spoiled bool) {
	if !u.wholeMachine {
		return "What other programs took is not known on this system.", false
	}
	cores := max(0, (now.all-u.all)-(now.own-u.own)) / now.when.Sub(u.when).Seconds()
	return fmt.Sprintf("Other programs took %.2f of the %d cores meanwhile.", cores, runtime.NumCPU()), cores > busy
}
