package match

import (
	"encoding/binary"
	"math/bits"
)

// A wide is a number of 128 bits: an address, or an integer plus 2^63.
type wide struct{ high, low uint64 }

// wideOf returns an integer as a wide. The order stays the same.
func wideOf(n int64) wide { return wide{0, uint64(n) ^ 1<<63} }

// wideAddress returns an address as a wide.
func wideAddress(b []byte) wide {
	return wide{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (w wide) less(v wide) bool { return w.high < v.high || w.high == v.high && w.low < v.low }

// start returns the first number of the block of 2^size numbers that has w.
func (w wide) start(size int) wide {
	if size < 64 {
		return wide{w.high, w.low &^ (1<<size - 1)}
	}
	return wide{w.high &^ (1<<(size-64) - 1), 0}
}

// end returns the last number of that block.
func (w wide) end(size int) wide {
	if size < 64 {
		return wide{w.high, w.low | (1<<size - 1)}
	}
	return wide{w.high | (1<<(size-64) - 1), ^uint64(0)}
}

func (w wide) append(b []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, w.high), w.low)
}

// A block is the numbers from start, as many as 2^size. Start is a multiple of that.
type block struct {
	start wide
	size  int
}

// mostBlocks is the number of blocks of a range beyond which it has no literals.
const mostBlocks = 24

// blocks splits a range into as few blocks as possible. Both ends are included. It returns false
// if there are too many.
func blocks(list []block, first, last wide) (_ []block, ok bool) {
	for n := 0; !last.less(first); n++ {
		if n == mostBlocks {
			return list, false
		}
		size := bits.TrailingZeros64(first.low)
		if first.low == 0 {
			size = 64 + bits.TrailingZeros64(first.high)
		}
		for last.less(first.end(size)) {
			size--
		}
		list = append(list, block{first, size})
		end := first.end(size)
		low, carry := bits.Add64(end.low, 1, 0)
		high, over := bits.Add64(end.high, 0, carry)
		if first = (wide{high, low}); over != 0 {
			break // the range ends at the greatest number
		}
	}
	return list, true
}
