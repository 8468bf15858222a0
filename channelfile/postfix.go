package channelfile

import (
	"cmp"
	"slices"
)

// A use says where a word comes from.
type use struct {
	line uint32
	text uint32 // number of the text in its Builder
}

// A postfix is conditions as postfix programs, of which the last one is being
// written. Of that one it knows the truths that are on the stack.
type postfix struct {
	words  []Word
	uses   []use // one a word if traced, else none
	traced bool
	texts  *interner // what the texts of uses are
	spans  []span    // the words of each truth on the stack of the last condition

	sortedWords []Word
	sortedUses  []use
}

// A span is the words from start to end. Spans on a stack follow each other
// without a gap.
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

// join writes an and or an or, as group says, of the truths on the stack from
// base on, after it has brought them into normal form. If one of them is left
// no operator is needed; if that one is itself of the other kind its operands
// are now on the stack, for they belong to what surrounds it.
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

// unwrap takes the operator from the last truth, if it has one.
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

// compare orders truths as the operands of an and or or stand.
func (p *postfix) compare(a, b span) int {
	if c := cmp.Compare(a.end-a.start, b.end-b.start); c != 0 {
		return c
	}
	return slices.Compare(p.words[a.start:a.end], p.words[b.start:b.end])
}

// normalise sorts the truths on the stack from base on, and leaves one of
// those that are the same.
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
	var last span // the one in p.words that kept's last was copied from
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

// merge returns the use of a word that was written twice. It depends on the
// two alone, not on their order, nor on that of anything else: the one whose
// line is known, of two the earlier one, then the one that has a text, and of
// two the first by its bytes.
func (p *postfix) merge(u, v use) use {
	if u.line != v.line {
		if u.line-1 < v.line-1 { // so that 0, unknown, is last
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
