package fix

import "unicode/utf8"

// A Region is the place of an edit as editors and SARIF state it. Lines and columns count from 1,
// and columns count units of UTF-16 without a byte order mark. The end is the first place after
// the edit. Lines end with LF, CR LF or CR.
type Region struct {
	StartLine, StartColumn, EndLine, EndColumn int
}

// Regions returns the regions of edits, which are as for [Apply].
func Regions(data []byte, edits []Edit) []Region {
	list := make([]Region, 0, len(edits))
	c := cursor{data: data, line: 1, column: 1}
	for i := range edits {
		e := &edits[i]
		var r Region
		c.move(e.Offset)
		r.StartLine, r.StartColumn = c.line, c.column
		c.move(e.Offset + e.Length)
		r.EndLine, r.EndColumn = c.line, c.column
		list = append(list, r)
	}
	return list
}

// A cursor is a place in a text.
type cursor struct {
	data         []byte
	at           int
	line, column int
}

// move moves the cursor forward to an offset.
func (c *cursor) move(to int) {
	for c.at < min(to, len(c.data)) {
		r, size := utf8.DecodeRune(c.data[c.at:])
		mark := c.at == 0 && r == '\ufeff'
		c.at += size
		switch {
		case mark, r == '\r' && c.at < len(c.data) && c.data[c.at] == '\n':
		case r == '\n' || r == '\r':
			c.line, c.column = c.line+1, 1
		case r > 0xffff:
			c.column += 2
		default:
			c.column++
		}
	}
}
