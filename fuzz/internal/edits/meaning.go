package edits

import (
	"strconv"

	"github.com/cfcheck/cfcheck/channelfile"
)

// Meaning returns the complete meaning of a file: two files with equal contents have the same
// meaning, however they are encoded. The source of a program stands for the program; see
// [OwnPrograms].
func Meaning(f *channelfile.File) string {
	var w writer
	h := f.Header
	w.numbers(uint64(h.Channel), uint64(h.Revision), uint64(h.Type), uint64(h.TypeVersion), uint64(h.InputsDeclared), uint64(h.InputsRead), h.Created)
	w.flag(f.HasProvenance())
	for i := range f.Instances() {
		in := f.Instance(i)
		w.line("\n", in.ID.String())
		o := f.Origin(i)
		for _, text := range []string{o.Rule, o.Title, o.Author, o.Licence, o.Path} {
			w.text(text)
		}
		w.numbers(uint64(o.Line))
		for k := in.First; k < in.First+in.Count; k++ {
			line, text := f.Use(k)
			word := f.Word(k)
			if word.IsReference() {
				w.criterion(f, word)
			} else {
				w.line("\n  ", word.String())
			}
			w.numbers(uint64(line))
			w.text(text)
		}
	}
	return string(w.b)
}

// A writer writes a meaning. Each text has its length in front, so that the parts cannot be
// confused.
type writer struct{ b []byte }

func (w *writer) criterion(f *channelfile.File, word channelfile.Word) {
	c := f.Criterion(word.Criterion())
	w.line("\n  ", c.Operator.String())
	w.flag(word.Negated())
	w.numbers(uint64(c.Input), uint64(c.Operator), uint64(c.Flags))
	for v := range f.OperandValues(c) {
		w.text(string(v))
	}
	for p := range f.OperandPrograms(c) {
		w.text(p.Source())
	}
	for other := range f.OperandInputs(c) {
		w.numbers(uint64(other))
	}
}

func (w *writer) line(indent, s string) { w.b = append(append(w.b, indent...), s...) }

func (w *writer) numbers(list ...uint64) {
	for _, n := range list {
		w.b = strconv.AppendUint(append(w.b, ' '), n, 10)
	}
}

func (w *writer) flag(is bool) { w.b = strconv.AppendBool(append(w.b, ' '), is) }

func (w *writer) text(s string) {
	w.b = strconv.AppendInt(append(w.b, ' '), int64(len(s)), 10)
	w.b = append(append(w.b, ':'), s...)
}

// OwnPrograms reports whether every program is the one that its source compiles to. Encoding a
// file compiles the programs again.
func OwnPrograms(f *channelfile.File) bool {
	for range f.DifferentPrograms() {
		return false
	}
	return true
}
