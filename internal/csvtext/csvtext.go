// Package csvtext decodes CSV files that programs of Windows and spreadsheets write.
package csvtext

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Decode returns the text of a document. Without a byte order mark it is UTF-8 or, as in the
// output of a console, in a code page that is not stated. The non-ASCII characters of a code
// page decide nothing.
func Decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return decode16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return decode16(data[2:], binary.BigEndian)
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		data = data[3:]
	case len(data) >= 2 && data[1] == 0:
		return decode16(data, binary.LittleEndian)
	case len(data) >= 2 && data[0] == 0:
		return decode16(data, binary.BigEndian)
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return "", fmt.Errorf("found a zero byte at offset %d; expected text", i)
	}
	return string(data), nil
}

func decode16(data []byte, order binary.ByteOrder) (string, error) {
	if len(data)%2 != 0 {
		return "", fmt.Errorf("found UTF-16 of %d bytes; expected an even number", len(data))
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		if units[i] = order.Uint16(data[2*i:]); units[i] == 0 {
			return "", fmt.Errorf("found a zero character at offset %d; expected text", 2*i)
		}
	}
	return string(utf16.Decode(units)), nil
}

// Delimiter returns the delimiter of a document by its first line. Spreadsheet programs write
// semicolons or tabs in some countries.
func Delimiter(line string) byte {
	best := byte(',')
	for _, d := range []byte{';', '\t'} {
		if strings.Count(line, string(d)) > strings.Count(line, string(best)) {
			best = d
		}
	}
	return best
}
