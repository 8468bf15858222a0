package events

import (
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// A wide converts UTF-16 to UTF-8. Half of a surrogate pair becomes the three bytes that its
// number has in the scheme of UTF-8. They are not UTF-8, so that the parser refuses them at
// their place.
type wide struct {
	src   io.Reader
	order binary.ByteOrder
	in    [4096]byte
	n     int    // bytes of in that are not converted
	out   []byte // converted bytes that are not read
	buf   []byte
	err   error
}

var errHalfUnit = errors.New("the file ends after one of the two bytes of a character of UTF-16; it was cut off")

func (w *wide) Read(p []byte) (int, error) {
	for len(w.out) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		n, err := w.src.Read(w.in[w.n:])
		w.n += n
		w.err = err
		w.convert()
		if err == io.EOF && w.n > 0 {
			w.err = errHalfUnit
		}
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}

// convert converts the complete characters of w.in. A first half of a pair waits for the
// second, unless the file has ended.
func (w *wide) convert() {
	w.out = w.buf[:0]
	at := 0
	for ; at+2 <= w.n; at += 2 {
		unit := rune(w.order.Uint16(w.in[at:]))
		if !utf16.IsSurrogate(unit) {
			w.out = utf8.AppendRune(w.out, unit)
			continue
		}
		if unit < 0xdc00 {
			if at+4 > w.n && w.err == nil {
				break
			}
			if at+4 <= w.n {
				if r := utf16.DecodeRune(unit, rune(w.order.Uint16(w.in[at+2:]))); r != utf8.RuneError {
					w.out = utf8.AppendRune(w.out, r)
					at += 2
					continue
				}
			}
		}
		w.out = append(w.out, 0xe0|byte(unit>>12), 0x80|byte(unit>>6)&0x3f, 0x80|byte(unit)&0x3f)
	}
	w.buf = w.out
	w.n = copy(w.in[:], w.in[at:w.n])
}
