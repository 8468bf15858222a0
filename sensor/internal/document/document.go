// Package document reads and writes the common values of the JSON documents of package sensor and
// of the packages below it. It also has their limits.
package document

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// The limits of a document; package sensor exports and explains them.
const (
	MaxSize    = 16 << 20
	MaxDepth   = 16
	MaxName    = 256
	MaxNote    = 4096
	MaxInteger = 1<<53 - 1
)

// Read reads a document. Its error, if any, is a *strictjson.Error; name is the name of the
// file, for errors only.
func Read(name string, data []byte, document func(r *Reader)) error {
	limits := strictjson.Limits{Size: MaxSize, Depth: MaxDepth}
	return strictjson.Read(name, data, limits, func(d *strictjson.Decoder) { document(&Reader{d}) })
}

// Write writes a document and reads it back, so that a caller's mistake shows where it was
// made and not where the document is used. The subject names the document in the error.
func Write(subject string, write func(w *Writer), read func(name string, data []byte) error) ([]byte, error) {
	w := &Writer{new(strictjson.Writer)}
	write(w)
	data, err := w.Bytes()
	if err == nil {
		err = read(subject, data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", subject, err)
	}
	return data, nil
}

// A Reader reads the values that the documents have in common.
type Reader struct{ *strictjson.Decoder }

// Name reads the name of a build, a type or an input.
func (r *Reader) Name() string { return r.Text(1, MaxName) }

// Note reads a text that one person wrote for another.
func (r *Reader) Note() string { return r.Text(0, MaxNote) }

// Reason reads a note that must not be empty.
func (r *Reader) Reason() string { return r.Text(1, MaxNote) }

// Text reads a text of one line with the given number of characters. Reports print the text,
// so it must contain only characters that a person can see.
func (r *Reader) Text(least, most int) string {
	s := r.String()
	switch n := utf8.RuneCountInString(s); {
	case r.Failed():
	case n < least:
		r.Failf("found an empty string; expected a text of %d to %d characters", least, most)
	case n > most:
		r.Failf("found a text of %d characters; expected at most %d", n, most)
	case strings.HasPrefix(s, " ") || strings.HasSuffix(s, " "):
		r.Failf("found %s; expected no space at either end", strictjson.Quote(s))
	default:
		for _, c := range s {
			if !unicode.IsPrint(c) {
				r.Failf("found U+%04X in %s; expected printable characters of one line, with plain spaces", c, strictjson.Quote(s))
				break
			}
		}
	}
	return s
}

// Unique fails if an earlier element of the list has the same key. The map seen belongs to
// the list; name is the name of this element, in which case may differ from the key.
func (r *Reader) Unique(seen map[string]int, key, list, name string, index int) {
	if first, ok := seen[key]; ok {
		r.Failf("found the name %s again; %s[%d] has it already", strictjson.Quote(name), list, first)
		return
	}
	seen[key] = index
}

// Integer reads an integer that an int holds on every machine.
func (r *Reader) Integer(least, greatest uint64) int { return int(r.Uint(least, greatest)) }

// Elements returns the indices of the elements of an array. It fails if there are more than most
// elements, which plural names.
func (r *Reader) Elements(most int, plural string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range r.Array() {
			if i == most {
				r.FailAt(r.Next(), "", "there are more than %d %s; expected at most %d", most, plural, most)
				return
			}
			if !yield(i) {
				return
			}
		}
	}
}

// A Writer writes the values that the documents have in common.
type Writer struct{ *strictjson.Writer }

// Text writes a key with a string.
func (w *Writer) Text(key, s string) {
	w.Key(key)
	w.String(s)
}

// Number writes a key with an integer that is not negative.
func (w *Writer) Number(key string, n uint64) {
	w.Key(key)
	w.Uint(n)
}

// Signed writes a key with an integer. It writes a negative number too, so that Write reports
// that the document cannot be read.
func (w *Writer) Signed(key string, n int) {
	w.Key(key)
	w.Int(int64(n))
}

// OptionalText writes nothing if s is empty.
func (w *Writer) OptionalText(key, s string) {
	if s != "" {
		w.Text(key, s)
	}
}

// OptionalNumber writes nothing if n is 0.
func (w *Writer) OptionalNumber(key string, n uint64) {
	if n != 0 {
		w.Number(key, n)
	}
}

// OptionalSigned writes nothing if n is 0.
func (w *Writer) OptionalSigned(key string, n int) {
	if n != 0 {
		w.Signed(key, n)
	}
}
