package channelfile

import (
	"cmp"
	"slices"
)

// A use is the place in the source that a word comes from.
type use struct {
	line uint32
	text uint32 // number of the text in the Builder
}

// A postfix holds conditions as postfix programs. It writes the last one, and
// keeps track of the truth values on that condition's stack.
type postfix struct {
	words  []Word
	uses   []use // one for each word if traced, otherwise empty
	traced bool
	texts  *interner // the texts that uses refer to
	spans  []span    // the words that leave each truth value on the stack of the last condition

	sortedWords []Word
	sortedUses  []use
}

// A span is the words from start up to, but not including, end. Spans on a
// stack are adjacent.
type span struct{ start, end int }

func (p *postfix) truncate(words int) {
	p.words = p.words[:words]
	if p.traced {
		p.uses = p.uses[:words]
	}
}

// reference writes a reference.
func (p *postfix) reference(w Word, u use) {
	p.spans = append(p.spans, span{len(p.words), len(p.words) + 1})
	p.words = append(p.words, w)
	if p.traced {
		p.uses = append(p.uses, u)
	}
}

// join normalises the truth values on the stack from base on, and writes an and
// or an or of them, as group says. If only one truth value is left, join writes
// no operator. If this value is itself an operator of the other kind, join
// replaces it by its operands, which then belong to the surrounding operator.
func (p *postfix) join(group Word, base int) {
	p.normalise(base)
	if len(p.spans)-base == 1 {
		p.unwrap()
		return
	}
	start := p.spans[base].start
	p.words = append(p.words, group|Word(len(p.spans)-base))
	if p.traced {
		p.uses = append(p.uses, use{})
	}
	p.spans = append(p.spans[:base], span{start, len(p.words)})
}

// unwrap removes the operator of the last truth value, if it has one, and
// leaves the operands on the stack.
func (p *postfix) unwrap() {
	top := p.spans[len(p.spans)-1]
	words := p.words[top.start:top.end]
	if len(words) == 1 {
		return
	}
	p.truncate(top.end - 1)
	p.spans = p.spans[:len(p.spans)-1]
	for i, w := range words[:len(words)-1] {
		s := span{top.start + i, top.start + i + 1}
		if !w.IsReference() {
			base := len(p.spans) - w.Operands()
			s.start = p.spans[base].start
			p.spans = p.spans[:base]
		}
		p.spans = append(p.spans, s)
	}
}

// compare orders truth values as operands of an and or an or.
func (p *postfix) compare(a, b span) int {
	if c := cmp.Compare(a.end-a.start, b.end-b.start); c != 0 {
		return c
	}
	return slices.Compare(p.words[a.start:a.end], p.words[b.start:b.end])
}

// normalise sorts the truth values on the stack from base on and removes
// duplicates.
func (p *postfix) normalise(base int) {
	spans := p.spans[base:]
	ascending := true
	for i := 1; i < len(spans); i++ {
		if p.compare(spans[i-1], spans[i]) >= 0 {
			ascending = false
			break
		}
	}
	if ascending {
		return
	}
	start := spans[0].start
	slices.SortFunc(spans, p.compare)
	p.sortedWords, p.sortedUses = p.sortedWords[:0], p.sortedUses[:0]
	kept := spans[:0]
	var last span // the span in p.words that was copied last
	for i, s := range spans {
		at := len(p.sortedWords)
		if i > 0 && p.compare(last, s) == 0 {
			if p.traced {
				same := p.sortedUses[at-(s.end-s.start):]
				for k := range same {
					same[k] = p.merge(same[k], p.uses[s.start+k])
				}
			}
			continue
		}
		last = s
		p.sortedWords = append(p.sortedWords, p.words[s.start:s.end]...)
		if p.traced {
			p.sortedUses = append(p.sortedUses, p.uses[s.start:s.end]...)
		}
		kept = append(kept, span{start + at, start + len(p.sortedWords)})
	}
	p.spans = p.spans[:base+len(kept)]
	p.truncate(start + len(p.sortedWords))
	copy(p.words[start:], p.sortedWords)
	if p.traced {
		copy(p.uses[start:], p.sortedUses)
	}
}

// merge returns the use of a word that was written twice. The result depends
// only on the two uses, and not on their order. A known line is preferred to an
// unknown one, and a lower line to a higher one. If the lines are equal, a text
// is preferred to an empty text, and then the lesser text by its bytes.
func (p *postfix) merge(u, v use) use {
	if u.line != v.line {
		if u.line-1 < v.line-1 { // 0 means unknown, and becomes the highest number
			return u
		}
		return v
	}
	a, b := p.texts.list[u.text], p.texts.list[v.text]
	if b == "" || a != "" && a < b {
		return u
	}
	return v
}
