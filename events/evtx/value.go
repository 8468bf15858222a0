package evtx

import (
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// Types of values. An array has the flag kindArray.
const (
	kindNull       = 0x00
	kindString     = 0x01
	kindANSI       = 0x02
	kindInt8       = 0x03
	kindUint8      = 0x04
	kindInt16      = 0x05
	kindUint16     = 0x06
	kindInt32      = 0x07
	kindUint32     = 0x08
	kindInt64      = 0x09
	kindUint64     = 0x0a
	kindReal32     = 0x0b
	kindReal64     = 0x0c
	kindBool       = 0x0d
	kindBinary     = 0x0e
	kindGUID       = 0x0f
	kindSize       = 0x10
	kindFileTime   = 0x11
	kindSystemTime = 0x12
	kindSID        = 0x13
	kindHex32      = 0x14
	kindHex64      = 0x15
	kindXML        = 0x21

	kindArray = 0x80
)

// sizes has the sizes of the types whose values all have one, in bytes.
var sizes = [...]int{
	kindInt8: 1, kindUint8: 1, kindInt16: 2, kindUint16: 2, kindInt32: 4, kindUint32: 4, kindInt64: 8, kindUint64: 8,
	kindReal32: 4, kindReal64: 8, kindBool: 4, kindGUID: 16, kindFileTime: 8, kindSystemTime: 16, kindHex32: 4, kindHex64: 8,
}

// appendValue appends a value as Windows writes it in XML. The values of an array are on lines of
// their own.
func appendValue(to, b []byte, kind byte) ([]byte, error) {
	if kind&kindArray == 0 {
		return appendOne(to, b, kind)
	}
	kind &^= kindArray
	for first := true; len(b) > 0; first = false {
		n := len(b)
		switch {
		case kind == kindString:
			n = 0
			for n+1 < len(b) && (b[n] != 0 || b[n+1] != 0) {
				n += 2
			}
			n = min(n+2, len(b))
		case kind == kindANSI:
			n = 0
			for n < len(b) && b[n] != 0 {
				n++
			}
			n = min(n+1, len(b))
		case kind == kindSID && n >= 2:
			n = min(8+4*int(b[1]), n)
		case int(kind) < len(sizes) && sizes[kind] > 0:
			n = min(sizes[kind], n)
		default:
			return nil, fmt.Errorf("found an array of type 0x%02x; expected one of texts, numbers, times, GUIDs or SIDs", kind)
		}
		if !first {
			to = append(to, '\n')
		}
		var err error
		if to, err = appendOne(to, b[:n], kind); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	return to, nil
}

func appendOne(to, b []byte, kind byte) ([]byte, error) {
	if int(kind) < len(sizes) && sizes[kind] > 0 && len(b) != sizes[kind] {
		return nil, fmt.Errorf("found %d bytes of type 0x%02x; expected %d", len(b), kind, sizes[kind])
	}
	const hexDigits = "0123456789ABCDEF"
	switch kind {
	case kindNull:
		return to, nil
	case kindString:
		return appendWide(to, b), nil
	case kindANSI: // in a code page that the log does not state
		for _, c := range b {
			if c == 0 {
				break
			}
			if c >= utf8.RuneSelf {
				to = utf8.AppendRune(to, utf8.RuneError)
			} else {
				to = append(to, c)
			}
		}
		return to, nil
	case kindInt8:
		return strconv.AppendInt(to, int64(int8(b[0])), 10), nil
	case kindUint8:
		return strconv.AppendUint(to, uint64(b[0]), 10), nil
	case kindInt16:
		return strconv.AppendInt(to, int64(int16(le.Uint16(b))), 10), nil
	case kindUint16:
		return strconv.AppendUint(to, uint64(le.Uint16(b)), 10), nil
	case kindInt32:
		return strconv.AppendInt(to, int64(int32(le.Uint32(b))), 10), nil
	case kindUint32:
		return strconv.AppendUint(to, uint64(le.Uint32(b)), 10), nil
	case kindInt64:
		return strconv.AppendInt(to, int64(le.Uint64(b)), 10), nil
	case kindUint64:
		return strconv.AppendUint(to, le.Uint64(b), 10), nil
	case kindReal32:
		return strconv.AppendFloat(to, float64(math.Float32frombits(le.Uint32(b))), 'g', -1, 32), nil
	case kindReal64:
		return strconv.AppendFloat(to, math.Float64frombits(le.Uint64(b)), 'g', -1, 64), nil
	case kindBool:
		return strconv.AppendBool(to, le.Uint32(b) != 0), nil
	case kindBinary:
		for _, c := range b {
			to = append(to, hexDigits[c>>4], hexDigits[c&15])
		}
		return to, nil
	case kindGUID:
		return fmt.Appendf(to, "{%08X-%04X-%04X-%X-%X}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:]), nil
	case kindSize:
		switch len(b) {
		case 4:
			return appendHex(to, uint64(le.Uint32(b))), nil
		case 8:
			return appendHex(to, le.Uint64(b)), nil
		}
		return nil, fmt.Errorf("found %d bytes of type 0x%02x; expected 4 or 8", len(b), kind)
	case kindFileTime:
		return fileTime(le.Uint64(b)).AppendFormat(to, "2006-01-02T15:04:05.0000000Z"), nil
	case kindSystemTime:
		n := func(i int) uint16 { return le.Uint16(b[2*i:]) } // 2 is the day of the week
		return fmt.Appendf(to, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", n(0), n(1), n(3), n(4), n(5), n(6), n(7)), nil
	case kindSID:
		return appendSID(to, b)
	case kindHex32:
		return appendHex(to, uint64(le.Uint32(b))), nil
	case kindHex64:
		return appendHex(to, le.Uint64(b)), nil
	}
	return nil, fmt.Errorf("found a value of type 0x%02x, which is not known", kind)
}

func appendHex(to []byte, n uint64) []byte { return strconv.AppendUint(append(to, "0x"...), n, 16) }

// fileTime returns a time, which counts 100 nanoseconds since 1601.
func fileTime(n uint64) time.Time {
	const second = 10_000_000
	start := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	return time.Unix(start+int64(n/second), int64(n%second)*100).UTC()
}

// appendSID appends a security identifier: version, number of parts, six bytes of the authority,
// most significant first, and the parts.
func appendSID(to, b []byte) ([]byte, error) {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return nil, fmt.Errorf("found a SID of %d bytes; expected 8, and 4 for each of its parts", len(b))
	}
	authority := uint64(b[2])<<40 | uint64(b[3])<<32 | uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
	to = append(to, "S-"...)
	to = strconv.AppendUint(to, uint64(b[0]), 10)
	to = append(to, '-')
	to = strconv.AppendUint(to, authority, 10)
	for p := b[8:]; len(p) > 0; p = p[4:] {
		to = append(to, '-')
		to = strconv.AppendUint(to, uint64(le.Uint32(p)), 10)
	}
	return to, nil
}
