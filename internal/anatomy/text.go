package anatomy

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"github.com/cfcheck/cfcheck/internal/oneline"
)

// maxLines is the number of lines of a configuration that have a region each. The rest is one.
const maxLines = 100_000

// maxLabel is the number of bytes of a line in its label.
const maxLabel = 200

// ofText returns the anatomy of a configuration: its lines, counted from 1 as in findings.
func ofText(data []byte) *Map {
	m := &Map{Format: Configuration, Enums: map[string]map[string]string{}, data: data}
	line := Kind{Name: "line", Group: "lines", Doc: "A line of the configuration, with its line feed.", Fields: []Field{{Form: Text}}}
	unit, order := 1, binary.ByteOrder(binary.LittleEndian)
	switch head := append(bytes.Clone(data[:min(len(data), 2)]), 1, 1); {
	case head[0] == 0xFE && head[1] == 0xFF, head[0] == 0 && head[1] == '<':
		unit, order, line.Fields[0].Form = 2, binary.BigEndian, Bytes
	case head[0] == 0xFF && head[1] == 0xFE, head[0] == '<' && head[1] == 0:
		unit, line.Fields[0].Form = 2, Units
	}
	m.Kinds = []Kind{line}
	for start, n := 0, 1; start < len(data); n++ {
		end := lineEnd(data, start, unit, order)
		label := data[start:min(end, start+maxLabel)]
		if n > maxLines {
			end, label = len(data), []byte("the remaining lines")
		} else if unit == 2 {
			units := make([]uint16, len(label)/2)
			for i := range units {
				units[i] = order.Uint16(label[2*i:])
			}
			label = []byte(string(utf16.Decode(units)))
		}
		text := strings.Trim(string(label), "\ufeff \t\r\n")
		if text == "" {
			text = "(blank)"
		}
		m.add(Region{Start: start, End: end, First: n, Owner: -1, Label: oneline.Clean(strings.ToValidUTF8(text, "\ufffd"))})
		start = end
	}
	return m
}

// lineEnd returns the offset behind the line that begins at start.
func lineEnd(data []byte, start, unit int, order binary.ByteOrder) int {
	if unit == 1 {
		if i := bytes.IndexByte(data[start:], '\n'); i >= 0 {
			return start + i + 1
		}
		return len(data)
	}
	for at := start; at+2 <= len(data); at += 2 {
		if order.Uint16(data[at:]) == '\n' {
			return at + 2
		}
	}
	return len(data)
}
