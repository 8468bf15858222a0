package channelfile

import "slices"

// A programEncoder encodes the programs of a file and the classes that they
// share.
type programEncoder struct {
	sources      []string // in the order of the file
	programs     []*Program
	instructions int               // number of instructions of all programs
	classes      []string          // the ranges of each class, in the order of the file
	number       map[string]uint32 // of each class, by its ranges
}

// add adds the programs of the Builder with the given sources.
func (e *programEncoder) add(sources []string, b *Builder) {
	e.sources = sources
	e.number = make(map[string]uint32)
	for _, s := range sources {
		p := b.compiled[b.programs.index[s]]
		e.programs = append(e.programs, p)
		e.instructions += p.Len()
		for c := range uint32(len(p.classes) / classSize) {
			ranges := p.rangesOf(c)
			if _, ok := e.number[string(ranges)]; !ok {
				e.number[string(ranges)] = 0
				e.classes = append(e.classes, string(ranges))
			}
		}
	}
	slices.SortFunc(e.classes, func(a, b string) int { return compareRanges([]byte(a), []byte(b)) })
	for i, c := range e.classes {
		e.number[c] = uint32(i)
	}
}

// rangesOf returns the bytes of the ranges of a class.
func (p Program) rangesOf(class uint32) []byte {
	r := span32(p.classes[int(class)*classSize:])
	return p.ranges[r.Start*rangeSize : r.End*rangeSize]
}

func (e *programEncoder) writeRecords(s []byte) {
	source, first := 0, 0
	for i, p := range e.programs {
		le.PutUint32(s, uint32(source))
		le.PutUint32(s[4:], uint32(len(e.sources[i])))
		le.PutUint32(s[8:], uint32(first))
		le.PutUint32(s[12:], uint32(p.Len()))
		source += len(e.sources[i])
		first += p.Len()
		s = s[programSize:]
	}
}

func (e *programEncoder) writeInstructions(s []byte) {
	for _, p := range e.programs {
		for i := range p.Len() {
			in := p.Inst(i)
			if in.Op == InstRunes {
				in.Arg = e.number[string(p.rangesOf(in.Arg))]
			}
			le.PutUint16(s, uint16(in.Op))
			le.PutUint16(s[2:], uint16(in.Out))
			le.PutUint32(s[4:], in.Arg)
			s = s[instSize:]
		}
	}
}

func (e *programEncoder) writeClasses(s []byte) {
	next := 0
	for _, c := range e.classes {
		n := len(c) / rangeSize
		le.PutUint32(s, uint32(next))
		le.PutUint32(s[4:], uint32(n))
		next += n
		s = s[classSize:]
	}
}
