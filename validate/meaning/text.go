package meaning

import (
	"encoding/binary"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// isText says, by operator, whether the operands are texts as their authors wrote them.
var isText = [256]bool{
	channelfile.OpEquals: true, channelfile.OpPrefix: true, channelfile.OpSuffix: true, channelfile.OpContains: true, channelfile.OpPattern: true,
}

// eachText calls look for the operands of criteria that compare texts, if they have a character
// that some look finds. Look returns a message about the operand, or "". EachText reports the
// messages at the first rule that uses the criterion.
//
// Many criteria can compare with one long value. So whether look finds something may depend only on
// the value, the operator, and whether the input is a path. EachText asks once for each of these.
func eachText(p *validate.Pass, fix string, look func(c channelfile.Criterion, input string, v channelfile.Value) string) {
	f := p.File
	type key struct {
		value    int
		operator channelfile.Operator
		path     bool
	}
	known := map[key]bool{} // whether there is a message
	for _, i := range unusualTexts.Get(p) {
		c := f.Criterion(int(i))
		input := p.Definition.Inputs[c.Input].Name
		k := key{operator: c.Operator, path: IsPath(input)}
		for n := c.First; n < c.First+c.Count; n++ {
			k.value = f.Operand(n)
			found, ok := known[k]
			if !ok {
				found = look(c, input, f.Value(k.value)) != ""
				known[k] = found
			}
			if !found {
				continue
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateCriterion(int(i), int(c.Input))
				return validate.Finding{Where: where, Instance: in, Input: p.InputAt(int(c.Input)), Message: look(c, input, f.Value(f.Operand(n))), Fix: fix}
			})
		}
	}
}

// unusualTexts are the criteria that compare with a text in which a check of texts can find
// something: a character that is not visible ASCII, a literal star, or a percent sign at the start.
var unusualTexts = validate.OfSubject(func(p *validate.Pass) (list []int32) {
	f := p.File
	kinds := make([]textKind, f.Values())
	inParts(len(kinds), func(first, end int) {
		for n := first; n < end; n++ { // in the order of the file, which helps the caches
			kinds[n] = kindOfText(f.Value(n))
		}
	})
	for i := range f.Criteria() {
		c := f.Criterion(i)
		if !isText[c.Operator] || c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		asked := textHidden | textPercent | textStar
		if c.Operator == channelfile.OpPattern {
			asked = textHidden | textEscapedStar
		}
		for k := c.First; k < c.First+c.Count; k++ {
			if kinds[f.Operand(k)]&asked != 0 {
				list = append(list, int32(i))
				break
			}
		}
	}
	return list
})

// A textKind is a set of unusual characters.
type textKind uint8

const (
	textHidden      textKind = 1 << iota // a byte that is not visible ASCII
	textStar                             // a star
	textEscapedStar                      // an escaped star, if it is a pattern
	textPercent                          // a percent sign at the start
)

func kindOfText(v []byte) (kind textKind) {
	if len(v) > 0 && v[0] == '%' {
		kind |= textPercent
	}
	if hidden, star := scanText(v); hidden || star {
		if hidden {
			kind |= textHidden
		}
		if star {
			kind |= textStar
		}
		if star && hasEscapedStar(v) {
			kind |= textEscapedStar
		}
	}
	return kind
}

// hasEscapedStar reports whether a pattern has a literal star.
func hasEscapedStar(pattern []byte) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] == '\\' {
			if i++; pattern[i] == '*' {
				return true
			}
		}
	}
	return false
}

// scanText reports whether a text has a byte that is not visible ASCII, and whether it has a star.
// It looks at eight bytes at a time.
func scanText(v []byte) (hidden, star bool) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	var low, high, stars uint64 // a bit for each byte, the top one
	for ; len(v) >= 8; v = v[8:] {
		x := binary.LittleEndian.Uint64(v)
		low |= (x - ' '*ones) &^ x & tops
		high |= (x&^tops + (0x7F-'~')*ones) | x
		x ^= '*' * ones
		stars |= (x - ones) &^ x & tops
	}
	for _, b := range v {
		hidden = hidden || b < ' ' || b > '~'
		star = star || b == '*'
	}
	return hidden || (low|high)&tops != 0, star || stars != 0
}

// IsPath reports whether the values of an input are the path of a file, by its name. It knows the
// names of Sysmon and of the Security log.
func IsPath(input string) bool {
	switch input {
	case "Image", "ParentImage", "SourceImage", "TargetImage", "ImageLoaded", "TargetFilename", "SourceFilename", "CurrentDirectory",
		"NewProcessName", "ParentProcessName", "ProcessName", "ProcessPath", "Application":
		return true
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
