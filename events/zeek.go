package events

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// zeekMagic is the beginning of a log of Zeek as text with columns.
const zeekMagic = "#separator"

// A zeekLog reads a log of Zeek as text with columns. Lines that begin with # are its header, and
// come again if logs were joined. The other lines have a value for each column.
type zeekLog struct {
	sep, set, empty, unset string
	path                   string
	names                  [][]byte
	types                  []string
	line                   []byte
}

// readZeek reads the next record of a log of Zeek.
func (r *Reader) readZeek(rec *Record) error {
	for {
		line, err := r.textLine()
		if err != nil {
			return r.end(err)
		}
		at, err := -1, error(nil)
		switch {
		case len(line) == 0:
			continue
		case line[0] == '#':
			if err = r.zeek.header(string(line)); err == nil {
				continue
			}
		default:
			at, err = r.zeek.record(rec, line, r.fields[:0])
			r.fields = rec.Fields
		}
		return r.place(line, at, err)
	}
}

// header reads a line of the header. Keys that it does not know, such as the time, have no effect.
func (z *zeekLog) header(line string) error {
	if sep, ok := strings.CutPrefix(line, zeekMagic+" "); ok {
		*z = zeekLog{sep: unescapeZeek(sep), set: ",", empty: "(empty)", unset: "-", line: z.line}
		if z.sep == "" {
			return errors.New("found an empty separator; expected one, such as \\x09")
		}
		return nil
	}
	if z.sep == "" {
		return nil // an error for each line with values follows
	}
	key, value, _ := strings.Cut(line, z.sep)
	switch key {
	case "#set_separator":
		z.set = unescapeZeek(value)
	case "#empty_field":
		z.empty = value
	case "#unset_field":
		z.unset = value
	case "#path":
		z.path = value
	case "#types":
		z.types = strings.Split(value, z.sep)
	case "#fields":
		z.names, z.types = nil, nil
		names := strings.Split(value, z.sep)
		for i, name := range names {
			switch {
			case name == "":
				return fmt.Errorf("found an empty name for column %d; expected the name of a field", i+1)
			case !utf8.ValidString(name):
				return fmt.Errorf("found the name %s for column %d, which is not UTF-8; expected UTF-8", clip([]byte(name)), i+1)
			}
		}
		sorted := slices.Sorted(slices.Values(names))
		for i := 1; i < len(sorted); i++ {
			if sorted[i] == sorted[i-1] {
				return fmt.Errorf("found the name %s for two columns; expected it once", clip([]byte(sorted[i])))
			}
		}
		for _, name := range names {
			z.names = append(z.names, []byte(name))
		}
	}
	return nil
}

// record reads a line with values, and appends its fields to fields. At is the offset of an error,
// or -1.
func (z *zeekLog) record(rec *Record, line []byte, fields []Field) (at int, err error) {
	*rec = Record{Unnumbered: true, Provider: []byte(ProviderZeek), Channel: []byte(z.path), Fields: fields}
	if len(z.names) == 0 {
		return -1, errors.New("found values without the names of their columns; expected #separator and #fields before them")
	}
	if z.path == "" {
		return -1, errors.New("found values without the name of their log; expected #path before them")
	}
	if n := bytes.Count(line, []byte(z.sep)) + 1; n != len(z.names) {
		return -1, fmt.Errorf("found a line with another number of values, %d; expected %d, one for each column of #fields", n, len(z.names))
	}
	for i, name := range z.names {
		value, rest, _ := bytes.Cut(line[at:], []byte(z.sep))
		if !utf8.Valid(value) {
			return at, errors.New("found bytes that are not UTF-8; expected UTF-8")
		}
		kind := ""
		if i < len(z.types) {
			kind = z.types[i]
		}
		if raw := z.value(string(value), kind); raw != nil {
			rec.Fields = append(rec.Fields, Field{name, raw})
			if string(name) == "_system_name" {
				rec.Computer = text(raw)
			}
		}
		at = len(line) - len(rest)
	}
	return -1, nil
}

// value returns a value of a column as JSON, as Zeek's own JSON has it, or nil if it is absent. The
// elements of a set or vector are joined by newlines.
func (z *zeekLog) value(value, kind string) []byte {
	switch {
	case value == z.unset:
		return nil
	case strings.HasPrefix(kind, "set["), strings.HasPrefix(kind, "vector["), strings.HasPrefix(kind, "table["):
		if value == z.empty || z.set == "" {
			return nil
		}
		var list []string
		for element := range strings.SplitSeq(value, z.set) {
			switch element {
			case z.unset:
			case z.empty:
				list = append(list, "")
			default:
				list = append(list, unescapeZeek(element))
			}
		}
		if len(list) == 0 {
			return nil
		}
		return asJSON([]byte(strings.Join(list, "\n")))
	case value == z.empty:
		return []byte(`""`)
	case kind == "bool" && value == "T":
		return []byte("true")
	case kind == "bool" && value == "F":
		return []byte("false")
	}
	return asJSON([]byte(unescapeZeek(value)))
}

// unescapeZeek returns a text without Zeek's escapes, \x with two digits and \\. A text whose bytes
// are not UTF-8 keeps them.
func unescapeZeek(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] == '\\' {
				b = append(b, '\\')
				i++
				continue
			}
			if s[i+1] == 'x' && i+3 < len(s) {
				if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
					b = append(b, byte(n))
					i += 3
					continue
				}
			}
		}
		b = append(b, s[i])
	}
	if !utf8.Valid(b) {
		return s
	}
	return string(b)
}

// textLine returns the next line without its end.
func (s *splitter) textLine() ([]byte, error) {
	if err := s.fill(); err != nil {
		return nil, err
	}
	s.begin, s.column = s.line, 0
	line, tooLong := s.chunk, false
	if line[len(line)-1] != '\n' {
		s.long = append(s.long[:0], line...)
		for s.chunk[len(s.chunk)-1] != '\n' {
			err := s.fill()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
			if tooLong = tooLong || len(s.long)+len(s.chunk) > MaxLine; !tooLong {
				s.long = append(s.long, s.chunk...)
			}
		}
		line = s.long
	}
	if tooLong {
		return nil, &LineError{Line: s.begin, Err: errTooLong}
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
