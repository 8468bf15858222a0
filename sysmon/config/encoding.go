package config

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/sysmon"
)

// An Encoding is the encoding of a file. The loader takes it from the first two bytes, and
// for files of single bytes from the XML declaration.
type Encoding uint8

const (
	UTF8       Encoding = iota
	UTF8BOM             // UTF-8 after the bytes EF BB BF
	Latin1              // ISO-8859-1 by declaration
	Latin1BOM           // ISO-8859-1 by declaration, although the bytes EF BB BF stand before it
	UTF16LE             // UTF-16, low byte first, without a byte order mark
	UTF16LEBOM          // the same after the bytes FF FE
	UTF16BE             // UTF-16, high byte first, without a byte order mark
	UTF16BEBOM          // the same after the bytes FE FF
)

var encodingNames = [...]string{
	"UTF-8", "UTF-8 with a byte order mark", "ISO-8859-1", "ISO-8859-1 with a byte order mark of UTF-8",
	"UTF-16LE", "UTF-16LE with a byte order mark", "UTF-16BE", "UTF-16BE with a byte order mark",
}

func (e Encoding) String() string {
	if int(e) < len(encodingNames) {
		return encodingNames[e]
	}
	return fmt.Sprintf("Encoding(%d)", uint8(e))
}

// IsXML reports whether the first character of a file, after white space, is "<" in any encoding.
func IsXML(data []byte) bool {
	rest := bytes.TrimLeft(data[:min(len(data), 1024)], "\xef\xbb\xbf\xfe\xff\x00 \t\r\n")
	return bytes.HasPrefix(rest, []byte("<"))
}

// bom returns the number of bytes before the text.
func (e Encoding) bom() int {
	switch e {
	case UTF8BOM, Latin1BOM:
		return 3
	case UTF16LEBOM, UTF16BEBOM:
		return 2
	}
	return 0
}

// bytes returns the number of bytes in the file of a text.
func (e Encoding) bytes(s string) int64 {
	if e == UTF8 || e == UTF8BOM {
		return int64(len(s))
	}
	n := int64(0)
	for _, c := range s {
		switch {
		case e == Latin1 || e == Latin1BOM:
			n++
		case c > 0xFFFF:
			n += 4
		default:
			n += 2
		}
	}
	return n
}

// decode returns the text of a file as UTF-8, without the byte order mark. It contains only
// characters that XML permits.
func decode(data []byte) (string, Encoding, *Error) {
	if len(data) > MaxSize {
		return "", 0, &Error{sysmon.Place{Line: 1, Column: 1}, fmt.Sprintf("the file has %d bytes (want at most %d)", len(data), MaxSize)}
	}
	if len(data) < 2 {
		return "", 0, &Error{sysmon.Place{Line: 1, Column: 1}, fmt.Sprintf("the file has %d bytes (want an element <Sysmon>)", len(data))}
	}
	enc := UTF8
	switch {
	case data[0] == 0xFF && data[1] == 0xFE:
		enc = UTF16LEBOM
	case data[0] == 0xFE && data[1] == 0xFF:
		enc = UTF16BEBOM
	case data[1] == 0 && (blank(data[0]) || data[0] == '<'):
		enc = UTF16LE
	case data[0] == 0 && (blank(data[1]) || data[1] == '<'):
		enc = UTF16BE
	case len(data) >= 3 && string(data[:3]) == "\xEF\xBB\xBF":
		enc = UTF8BOM
	}
	body := data[enc.bom():]
	var text string
	var fault *Error
	switch enc {
	case UTF8, UTF8BOM:
		text = string(body)
	case UTF16LE, UTF16LEBOM:
		text, fault = fromUTF16(body, binary.LittleEndian, enc)
	default:
		text, fault = fromUTF16(body, binary.BigEndian, enc)
	}
	if fault != nil {
		return "", enc, fault
	}
	declared, at := declaredEncoding(text)
	wide := enc >= UTF16LE
	switch name := strings.ToUpper(declared); {
	case name == "" || name == "UTF-8" || name == "UTF8":
		// A file of UTF-16 that declares UTF-8 loads: libxml2 ignores this name.
	case wide && strings.HasPrefix(name, "UTF-16"):
	case !wide && (name == "ISO-8859-1" || name == "ISO-LATIN-1" || name == "ISO LATIN 1"):
		enc += Latin1 - UTF8
		text = fromLatin1(body)
	case !wide && (name == "ASCII" || name == "US-ASCII"):
		// Both are UTF-8, but for bytes that libxml2 then refuses.
		for i := range len(text) {
			if text[i] >= utf8.RuneSelf {
				return "", enc, faultAt(text, i, enc, "the byte 0x%02X is not ASCII, which the declaration names (want encoding=\"UTF-8\")", text[i])
			}
		}
	case wide:
		return "", enc, faultAt(text, at, enc, "the declaration names the encoding %q, but the file is %s (delete the declaration)", cut(declared), enc)
	case strings.HasPrefix(name, "UTF-16"):
		return "", enc, faultAt(text, at, enc, "the declaration names the encoding %q, but the file has single bytes: libxml2 refuses it (want encoding=\"UTF-8\")", cut(declared))
	default:
		return "", enc, faultAt(text, at, enc, "unknown encoding %q (want UTF-8, UTF-16 or ISO-8859-1)", cut(declared))
	}
	return text, enc, check(text, enc)
}

// faultAt returns a fault at a byte of a text.
func faultAt(text string, at int, enc Encoding, format string, args ...any) *Error {
	r := reader{text: text, enc: enc, mark: sysmon.Place{Offset: int64(enc.bom()), Line: 1, Column: 1}}
	r.fail(at, format, args...)
	return r.fault
}

// check finds the first character that XML does not permit.
func check(text string, enc Encoding) *Error {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if c < ' ' && !blank(c) {
				return faultAt(text, i, enc, "the control character 0x%02X, which XML does not permit", c)
			}
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			return faultAt(text, i, enc, "the byte 0x%02X is not UTF-8 (save the file as UTF-8, or declare its encoding)", text[i])
		case !permitted(c):
			return faultAt(text, i, enc, "the character U+%04X, which XML does not permit", c)
		}
		i += size
	}
	return nil
}

// fromLatin1 returns ISO-8859-1 as UTF-8.
func fromLatin1(data []byte) string {
	b := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		b = utf8.AppendRune(b, rune(c))
	}
	return string(b)
}

// fromUTF16 returns UTF-16 as UTF-8.
func fromUTF16(data []byte, order binary.ByteOrder, enc Encoding) (string, *Error) {
	b := make([]byte, 0, len(data)/2+len(data)/16)
	for i := 0; i < len(data); i += 2 {
		if i+1 == len(data) {
			return "", faultAt(string(b), len(b), enc, "the last character has one byte (want two: the file is %s)", enc)
		}
		c := rune(order.Uint16(data[i:]))
		if c >= 0xD800 && c <= 0xDFFF {
			low := rune(0)
			if i+3 < len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			if c > 0xDBFF || low < 0xDC00 || low > 0xDFFF {
				return "", faultAt(string(b), len(b), enc, "the unit 0x%04X is half a character", c)
			}
			c = 0x10000 + (c-0xD800)<<10 + (low - 0xDC00)
			i += 2
		}
		b = utf8.AppendRune(b, c)
	}
	return string(b), nil
}

// declaredEncoding returns the encoding that the XML declaration names, and the byte at
// which that part begins. "" means that it names no encoding.
func declaredEncoding(text string) (string, int) {
	if !strings.HasPrefix(text, "<?xml") {
		return "", 0
	}
	end := strings.Index(text, "?>")
	if end < 0 {
		return "", 0
	}
	for at := 5; at < end; {
		if blank(text[at]) {
			at++
			continue
		}
		name, value, next := pseudo(text[:end], at)
		if next < 0 {
			return "", 0
		}
		if name == "encoding" {
			return value, at
		}
		at = next
	}
	return "", 0
}

// encodingName reports whether a text has the form of a name of an encoding.
func encodingName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return s != ""
}
