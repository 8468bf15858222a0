// Package cores runs the parts of a task on several cores.
package cores

import "sync"

// Run calls do with each number from 0 to n-1, each in its own goroutine, and waits for all calls.
// If some of them panic, Run panics with the value of the one with the lowest number. So its caller
// can recover from a fault in a part, which would otherwise end the process.
func Run(n int, do func(k int)) {
	if n == 1 { //mutation:equivalent: only the speed depends on it
		do(0)
		return
	}
	faults := make([]any, n)
	var wait sync.WaitGroup
	for k := range n {
		wait.Go(func() {
			defer func() { faults[k] = recover() }()
			do(k)
		})
	}
	wait.Wait()
	for _, fault := range faults {
		if fault != nil {
			panic(fault)
		}
	}
}
