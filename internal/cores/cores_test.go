package cores

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// TestRun holds that each part runs once, also beside parts that panic, and that the caller can
// recover from these.
func TestRun(t *testing.T) {
	for _, c := range []struct {
		why    string
		n      int
		panics map[int]bool
		want   any
	}{
		{"no part", 0, nil, nil},
		{"one part, in the goroutine of the caller", 1, nil, nil},
		{"one part that panics", 1, map[int]bool{0: true}, "part 0"},
		{"several parts", 5, nil, nil},
		{"the last part panics", 5, map[int]bool{4: true}, "part 4"},
		{"the value does not depend on the order in which parts panic", 5, map[int]bool{4: true, 2: true, 3: true}, "part 2"},
	} {
		calls := make([]atomic.Int32, c.n)
		var fault any
		func() {
			defer func() { fault = recover() }()
			Run(c.n, func(k int) {
				calls[k].Add(1)
				if c.panics[k] {
					panic(fmt.Sprintf("part %d", k))
				}
			})
		}()
		if fault != c.want {
			t.Errorf("%s: Run panics with %v; want %v", c.why, fault, c.want)
		}
		for k := range calls {
			if n := calls[k].Load(); n != 1 {
				t.Errorf("%s: part %d ran %d times", c.why, k, n)
			}
		}
	}
}
