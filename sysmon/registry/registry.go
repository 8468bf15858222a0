// Package registry reads the rule blob of Sysmon from an export of the Windows registry, a .reg
// file as regedit and "reg export" write it.
//
// The blob is the value Rules below the key Parameters of Sysmon's driver, in
// HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services. The name of the driver can be chosen at its
// installation, so the package takes the value wherever it stands, and refuses an export with two
// of them. In an export a binary value is a list of bytes in hex, over several lines:
//
//	Windows Registry Editor Version 5.00
//
//	[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SysmonDrv\Parameters]
//	"Rules"=hex:00,00,0f,00,01,00,00,00,18,00,00,00,32,00,04,00,18,00,00,00,00,00,\
//	  00,00
package registry

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf16"
)

// The first lines of an export: of the present form, and of that of Windows 95, which has no
// UTF-16.
const (
	headVersion5 = "Windows Registry Editor Version 5.00"
	headVersion4 = "REGEDIT4"
)

// name is the name of the value with the rule blob.
const name = "Rules"

// A Value is the value Rules of an export.
type Value struct {
	Key  string // key that has it
	Line int    // line on which it begins, from 1
	Data []byte

	starts []start // the bytes of Data by line, ascending
}

// A start is the first byte of Data that a line of the export has.
type start struct{ offset, line int }

// LineOf returns the line of the export that has the byte of Data at an offset. It returns the
// nearest line for an offset outside of Data.
func (v *Value) LineOf(offset int) int {
	i := sort.Search(len(v.starts), func(i int) bool { return v.starts[i].offset > offset })
	if i == 0 {
		return v.Line
	}
	return v.starts[i-1].line
}

// An Error is a fault of an export.
type Error struct {
	Line int // from 1; 0 means the whole file
	Text string
}

// Error returns the line and the fault.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

// ErrNoRules means that an export has no value Rules.
var ErrNoRules = errors.New(`the export of the registry has no value "Rules"; export the key Parameters of Sysmon's driver`)

// IsExport reports whether data begins as an export does, in any encoding.
func IsExport(data []byte) bool {
	head := text(data[:min(len(data), 256)])
	return bytes.HasPrefix(head, []byte(headVersion5)) || bytes.HasPrefix(head, []byte(headVersion4))
}

// HasRules reports whether an export has a value Rules, or is at fault, so that this is not known.
func HasRules(data []byte) bool {
	_, err := Rules(data)
	return IsExport(data) && !errors.Is(err, ErrNoRules)
}

// Rules returns the value Rules of an export. The error is ErrNoRules or an *Error: the value
// stands under two keys, is not binary, or is no list of bytes.
func Rules(data []byte) (*Value, error) {
	if !IsExport(data) {
		return nil, &Error{1, fmt.Sprintf("expected %q or %q, as an export of the registry begins", headVersion5, headVersion4)}
	}
	var found *Value
	key, rest := "", text(data)
	for line := 1; len(rest) > 0; line++ {
		var row []byte
		row, rest, _ = bytes.Cut(rest, []byte("\n"))
		row = bytes.TrimSpace(row)
		switch {
		case bytes.HasPrefix(row, []byte("[")):
			key = strings.Trim(string(row), "[]")
			continue
		case !isRules(row):
			continue
		case found != nil:
			return nil, &Error{line, fmt.Sprintf(`a second value %q under the key %s; the first, under the key %s, is on line %d: export one key`, name, key, found.Key, found.Line)}
		}
		v := &Value{Key: key, Line: line, Data: make([]byte, 0, len(rest)/3)}
		_, value, _ := bytes.Cut(row, []byte("="))
		kind, list, ok := bytes.Cut(bytes.TrimSpace(value), []byte(":"))
		if kind := strings.ToLower(string(kind)); !ok || kind != "hex" && kind != "hex(3)" {
			return nil, &Error{line, fmt.Sprintf("the value %q is %s; expected a binary value, which begins with hex:", name, excerpt(value))}
		}
		for {
			more, err := v.add(list, line)
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
			if len(rest) == 0 {
				return nil, &Error{line, fmt.Sprintf("the value %q ends after %d bytes (0x%x) with a backslash; expected another line: the export was cut off", name, len(v.Data), len(v.Data))}
			}
			list, rest, _ = bytes.Cut(rest, []byte("\n"))
			line++
		}
		found = v
	}
	if found == nil {
		return nil, ErrNoRules
	}
	return found, nil
}

// isRules reports whether a row begins the value Rules. Windows compares names of values without
// case.
func isRules(row []byte) bool {
	quoted, _, ok := bytes.Cut(row, []byte("="))
	return ok && strings.EqualFold(string(bytes.TrimSpace(quoted)), `"`+name+`"`)
}

// add appends the bytes of one line, and reports whether the value goes on in the next one.
func (v *Value) add(list []byte, line int) (more bool, err error) {
	list = bytes.TrimSpace(list)
	if bytes.HasSuffix(list, []byte(`\`)) {
		more, list = true, bytes.TrimSpace(list[:len(list)-1])
	}
	if len(list) == 0 {
		return more, nil
	}
	v.starts = append(v.starts, start{len(v.Data), line})
	list = bytes.TrimSuffix(list, []byte(","))
	for item := range bytes.SplitSeq(list, []byte(",")) {
		item = bytes.TrimSpace(item)
		high, low := -1, -1
		if len(item) == 2 {
			high, low = digit(item[0]), digit(item[1])
		}
		if high < 0 || low < 0 {
			return false, &Error{line, fmt.Sprintf("byte %d (0x%x) of the value %q is %s; expected two hexadecimal digits", len(v.Data), len(v.Data), name, excerpt(item))}
		}
		v.Data = append(v.Data, byte(high<<4|low))
	}
	return more, nil
}

// digit returns the value of a hexadecimal digit, or -1.
func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// excerpt returns the beginning of a text, quoted.
func excerpt(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}

// text returns the text of an export as UTF-8. Without a byte order mark each byte stays as it is:
// all that the package looks at is ASCII.
func text(data []byte) []byte {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return fromUTF16(data[2:], 0)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return fromUTF16(data[2:], 1)
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
}

// fromUTF16 converts UTF-16 whose low bytes stand at index low of each pair. An odd last byte is
// left out.
func fromUTF16(data []byte, low int) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i+low]) | uint16(data[2*i+1-low])<<8
	}
	return []byte(string(utf16.Decode(units)))
}
