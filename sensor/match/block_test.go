package match

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func (w wide) big() *big.Int {
	n := new(big.Int).SetUint64(w.high)
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(w.low))
}

// TestBlocks checks that blocks have exactly the numbers of a range, one behind the other.
func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]uint64{0, 1, 7, 8, 255, 1 << 32, 1<<63 - 1, 1 << 63, ^uint64(0) - 3, ^uint64(0)})
		first, last := wide{part.Draw(t, "high"), part.Draw(t, "low")}, wide{part.Draw(t, "high"), part.Draw(t, "low")}
		if last.less(first) {
			first, last = last, first
		}
		list, ok := blocks(nil, first, last)
		if !ok {
			if len(list) != mostBlocks {
				t.Fatalf("%d blocks are too many", len(list))
			}
			return
		}
		next := first.big()
		for _, b := range list {
			if b.start.big().Cmp(next) != 0 || b.start.start(b.size) != b.start {
				t.Fatalf("the block %+v is not at %v", b, next)
			}
			next = next.Add(b.start.end(b.size).big(), big.NewInt(1))
		}
		if next.Sub(next, big.NewInt(1)).Cmp(last.big()) != 0 {
			t.Fatalf("the blocks of %v to %v end at %v", first, last, next)
		}
	})
}
