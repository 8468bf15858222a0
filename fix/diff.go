package fix

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// context is the number of unchanged lines around a change in a diff.
const context = 3

// Diff writes the edits of a file as a unified diff, which patch(1) takes. The edits are as for
// [Apply], and the error is that of Apply or of the writer.
func Diff(w io.Writer, name string, data []byte, edits []Edit) error {
	if len(edits) == 0 {
		return nil
	}
	if _, err := Apply(data, edits); err != nil {
		return err
	}
	d := &differ{lines: bytes.SplitAfter(data, []byte("\n"))}
	if last := len(d.lines) - 1; len(d.lines[last]) == 0 {
		d.lines = d.lines[:last]
	}
	offset := 0
	for _, line := range d.lines {
		d.starts = append(d.starts, offset)
		offset += len(line)
	}
	d.starts = append(d.starts, offset)
	fmt.Fprintf(&d.b, "--- a/%s\n+++ b/%s\n", name, name)
	shift := 0
	for changes := d.changes(edits); len(changes) > 0; {
		n := 1
		for n < len(changes) && changes[n].first-changes[n-1].end <= 2*context {
			n++
		}
		shift = d.hunk(data, changes[:n], shift)
		changes = changes[n:]
	}
	_, err := w.Write(d.b.Bytes())
	return err
}

// A differ writes one diff.
type differ struct {
	lines  [][]byte
	starts []int // offsets of the lines, and of the end
	b      bytes.Buffer
}

// A change is a range of lines with the edits in it.
type change struct {
	first, end int // indices of lines
	edits      []Edit
}

// changes divides the edits by the lines that they touch.
func (d *differ) changes(edits []Edit) (list []change) {
	line := 0
	for _, e := range edits {
		for line+1 < len(d.lines) && d.starts[line+1] <= e.Offset {
			line++
		}
		end := line + 1
		for end < len(d.lines) && d.starts[end] < e.Offset+e.Length {
			end++
		}
		if n := len(list); n > 0 && line < list[n-1].end {
			list[n-1].end = max(list[n-1].end, end)
			list[n-1].edits = append(list[n-1].edits, e)
			continue
		}
		list = append(list, change{line, end, []Edit{e}})
	}
	return list
}

// hunk writes neighbouring changes. shift is the number of lines that the changes before them add.
// It returns the shift after them.
func (d *differ) hunk(data []byte, changes []change, shift int) int {
	first, end := max(0, changes[0].first-context), min(len(d.lines), changes[len(changes)-1].end+context)
	var body strings.Builder
	old, now := 0, 0
	put := func(sign byte, lines [][]byte) {
		for _, line := range lines {
			body.WriteByte(sign)
			body.Write(line)
			if !bytes.HasSuffix(line, []byte("\n")) {
				body.WriteString("\n\\ No newline at end of file\n")
			}
			if sign != '+' {
				old++
			}
			if sign != '-' {
				now++
			}
		}
	}
	at := first
	for _, c := range changes {
		put(' ', d.lines[at:c.first])
		from, to := d.starts[c.first], d.starts[c.end]
		var text []byte
		end := from
		for _, e := range c.edits {
			text = append(append(text, data[end:e.Offset]...), e.New...)
			end = e.Offset + e.Length
		}
		text = append(text, data[end:to]...)
		lines := bytes.SplitAfter(text, []byte("\n"))
		if last := len(lines) - 1; len(lines[last]) == 0 {
			lines = lines[:last]
		}
		put('-', d.lines[c.first:c.end])
		put('+', lines)
		at = c.end
	}
	put(' ', d.lines[at:end])
	// An empty range stands after the line with its number.
	start := func(n, lines int) int {
		if lines == 0 {
			return n
		}
		return n + 1
	}
	fmt.Fprintf(&d.b, "@@ -%d,%d +%d,%d @@\n%s", start(first, old), old, start(first+shift, now), now, body.String())
	return shift + now - old
}
