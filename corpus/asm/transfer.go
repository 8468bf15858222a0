package asm

import (
	"bytes"
	"unicode/utf8"
)

// Transfer returns a file after the careless transfer of that name, or nil if the
// name is unknown:
//
//	crlf to lf    each CR LF becomes LF
//	lf to crlf    each LF becomes CR LF
//	7 bit         the highest bit of each byte is lost
//	latin 1       the bytes are taken for Latin-1 and written as UTF-8
//	replacement   the bytes are taken for UTF-8, and invalid ones become U+FFFD
func Transfer(name string) func(data []byte) []byte {
	switch name {
	case "crlf to lf":
		return func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) }
	case "lf to crlf":
		return func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")) }
	case "7 bit":
		return func(data []byte) []byte {
			out := bytes.Clone(data)
			for i := range out {
				out[i] &= 0x7f
			}
			return out
		}
	case "latin 1":
		return func(data []byte) []byte {
			var out []byte
			for _, b := range data {
				out = utf8.AppendRune(out, rune(b))
			}
			return out
		}
	case "replacement":
		return func(data []byte) []byte {
			// One U+FFFD for each byte, as text tools do, unlike bytes.ToValidUTF8.
			var out []byte
			for len(data) > 0 {
				r, n := utf8.DecodeRune(data)
				out = utf8.AppendRune(out, r)
				data = data[n:]
			}
			return out
		}
	}
	return nil
}
