package match

import (
	"encoding/binary"
	"math/bits"
)

// A recorder writes the records of an index.
type recorder struct {
	*builder
	list   []text
	texts  []byte   // of the literals
	same   seen     // literals
	needs  []need   // by number of the criterion, then those of the eithers
	starts []uint32 // by number: its first need, and the end of all
	// byLiteral has the numbers of the needs, by literal. Those of a literal end at its end.
	byLiteral, ends []uint32
	postings        []uint32          // by number: its first posting in access, and the end of all
	far             map[uint32]uint32 // by number: the place of shared postings
}

// A text is a literal on the way to its bucket.
type text struct {
	table    *table
	hash     uint64 // of the gram
	off, end uint32 // of the literal, in texts
	at       uint32 // place of the gram
	needs    uint32 // how many need it
	next     uint32 // the next one of the bucket, plus 1
}

// A need is a literal that a criterion or an either needs.
type need struct{ literal, number uint32 }

// add adds a literal of the criterion with a number.
func (r *recorder) add(number uint32, input int, l literal) {
	t, width := r.table(input, l)
	h := hash(l.text) + uint64(t.number)*mix
	k := r.same.find(h, func(k uint32) bool {
		e := &r.list[k]
		return e.table == t && string(r.texts[e.off:e.end]) == string(l.text)
	})
	if k == never {
		k = uint32(len(r.list))
		r.same.add(h, k)
		e := text{table: t, off: uint32(len(r.texts))}
		r.texts = append(r.texts, l.text...)
		e.end = uint32(len(r.texts))
		switch {
		case width == 0:
			e.hash = hash(l.text) * mix
		case l.kind == prefix:
			e.hash = key(l.text, width) * mix
		default:
			if e.at = uint32(len(l.text) - width); l.kind == contains {
				e.at = uint32(r.extract.rarity.rarest(l.text, width))
			}
			e.hash = key(l.text[e.at:], width) * mix
		}
		r.list = append(r.list, e)
		t.count++
	}
	r.need(k, number)
}

// need adds a need.
func (r *recorder) need(literal, number uint32) {
	r.list[literal].needs++
	r.needs = append(r.needs, need{literal, number})
}

// write writes the records.
func (r *recorder) write() {
	ix := r.ix
	r.sort()
	size := 4 + (postingSize+4)*len(r.access) + 4*len(r.needs)
	for k := range r.list {
		l := &r.list[k]
		l.next = l.table.insert(l.hash, uint32(k+1))
		size += headSize + padded(int(l.end-l.off))
	}
	// A slot with place 0 is free.
	ix.records = appendWord(make([]byte, 0, size), 0)
	for n := range ix.decided {
		if list := r.postingsOf(n); len(list) > 0 && r.shared(n) {
			r.far[n] = uint32(len(ix.records) / 4)
			r.addPostings(list)
		}
	}
	for _, t := range r.tables {
		for i := range t.slots {
			if first := t.slots[i].bucket; first != 0 {
				t.slots[i].bucket = uint32(len(ix.records) / 4)
				r.addBucket(first)
			}
		}
	}
}

// sort sorts the needs by literal, and finds the postings of each number.
func (r *recorder) sort() {
	ix := r.ix
	r.ends = make([]uint32, len(r.list))
	at := uint32(0)
	for k := range r.list {
		r.ends[k] = at
		at += r.list[k].needs
	}
	r.byLiteral = make([]uint32, len(r.needs))
	for _, n := range r.needs {
		r.byLiteral[r.ends[n.literal]] = n.number
		r.ends[n.literal]++
	}
	r.postings = make([]uint32, 0, ix.decided+1)
	next := 0
	for n := range ix.decided {
		r.postings = append(r.postings, uint32(next))
		for next < len(r.access) && r.access[next].criterion == ix.criterionOf[n] {
			next++
		}
	}
	r.postings = append(r.postings, uint32(next))
}

// postingsOf returns the postings of a number. An either has no postings.
func (r *recorder) postingsOf(number uint32) []access {
	if number >= r.ix.decided {
		return nil
	}
	return r.access[r.postings[number]:r.postings[number+1]]
}

// shared reports whether several literals have the postings of a number.
func (r *recorder) shared(number uint32) bool { return r.starts[number+1]-r.starts[number] > 1 }

// addBucket appends the bucket that begins with a literal, given by its number plus 1.
func (r *recorder) addBucket(first uint32) {
	head := len(r.ix.records)
	for k := first; k != 0; k = r.list[k-1].next {
		l := &r.list[k-1]
		sizeAndLast := 2 * (l.end - l.off)
		if l.next == 0 {
			sizeAndLast++
		}
		to := appendWord(appendWord(r.ix.records, sizeAndLast), l.at)
		r.ix.records = appendWord(appendWord(to, checkOf(r.texts[l.off:l.end], int(l.at))), 0)
	}
	for k := first; k != 0; k = r.list[k-1].next {
		binary.LittleEndian.PutUint32(r.ix.records[head+headSize-4:], uint32(len(r.ix.records)/4))
		head += headSize
		r.addBody(k - 1)
	}
}

// addBody appends the body of a literal.
func (r *recorder) addBody(literal uint32) {
	l := &r.list[literal]
	to := append(r.ix.records, r.texts[l.off:l.end]...)
	r.ix.records = append(to, make([]byte, padded(len(to))-len(to))...)
	numbers := r.byLiteral[r.ends[literal]-l.needs : r.ends[literal]]
	for i, n := range numbers {
		e := n << entryShift
		if i == len(numbers)-1 {
			e |= entryLast
		}
		switch list := r.postingsOf(n); {
		case len(list) == 0:
			r.ix.records = appendWord(r.ix.records, e)
		case r.shared(n):
			r.ix.records = appendWord(appendWord(r.ix.records, e|entryFar), r.far[n])
		default:
			r.ix.records = appendWord(r.ix.records, e|entryInline)
			r.addPostings(list)
		}
	}
}

// addPostings appends postings.
func (r *recorder) addPostings(list []access) {
	to := appendWord(r.ix.records, uint32(len(list)))
	for _, a := range list {
		to = appendWord(to, a.posting.first)
		for _, g := range a.posting.guards {
			switch criteria := uint32(len(r.numbers)); {
			case g == noGuard:
				g = r.ix.decided
			case g < criteria:
				g = r.numbers[g]
			default: // an either
				g += r.ix.decided + 1 - criteria
			}
			to = appendWord(to, g)
		}
	}
	r.ix.records = to
}

// A seen finds the literals that were added before, by their hash. It may miss one if many have
// nearly the same hash, so that hostile content takes no longer.
type seen struct {
	slots []seenSlot
	shift uint
	count int
}

type seenSlot struct {
	hash  uint64
	value uint32 // plus 1; 0 if the slot is free
}

// mostProbes is the number of slots after which a search ends.
const mostProbes = 16

// find returns the value with a hash for which same returns true, or never.
func (s *seen) find(hash uint64, same func(uint32) bool) uint32 {
	if len(s.slots) == 0 {
		return never
	}
	i := hash * mix >> s.shift
	for range mostProbes {
		slot := &s.slots[i]
		if slot.value == 0 {
			break
		}
		if slot.hash == hash && same(slot.value-1) {
			return slot.value - 1
		}
		i = (i + 1) & uint64(len(s.slots)-1)
	}
	return never
}

// add adds a value.
func (s *seen) add(hash uint64, value uint32) {
	if 2*s.count >= len(s.slots) {
		old := s.slots
		s.slots = make([]seenSlot, max(64, 2*len(old)))
		s.shift = uint(64 - bits.TrailingZeros(uint(len(s.slots))))
		s.count = 0
		for _, slot := range old {
			if slot.value != 0 {
				s.put(slot)
			}
		}
	}
	s.put(seenSlot{hash, value + 1})
}

func (s *seen) put(slot seenSlot) {
	i := slot.hash * mix >> s.shift
	for range mostProbes {
		if s.slots[i].value == 0 {
			s.slots[i] = slot
			s.count++
			return
		}
		i = (i + 1) & uint64(len(s.slots)-1)
	}
}
