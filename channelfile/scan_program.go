package channelfile

import (
	"bytes"
	"unicode/utf8"
)

// programs checks groups M to P, which are about regular expressions.
func (s *scanner) programs() bool {
	//mutation:equivalent: without these sections the loop has no entries
	if !s.HasPrograms() {
		return true
	}
	s.breaks(RequirementProgramUsed, bytes.IndexByte(s.running, 0) >= 0)
	used := make([]byte, s.Classes())
	if !s.programRecords() || !s.instructions(used) || !s.classes() {
		return false
	}
	s.breaks(RequirementClassUsed, bytes.IndexByte(used, 0) >= 0)
	return true
}

// programRecords checks group M.
func (s *scanner) programRecords() bool {
	sources, insts := s.sec[secSources], uint64(len(s.sec[secInstructions])/instSize)
	var nextSource, nextInst uint64
	var before []byte
	//mutation:missed width: it takes a first wrong order at entry 257 or 65,537
	for i, b := 0, s.sec[secPrograms]; len(b) >= programSize; i, b = i+1, b[programSize:] {
		source, length := uint64(le.Uint32(b)), uint64(le.Uint32(b[4:]))
		first, count := uint64(le.Uint32(b[8:])), uint64(le.Uint32(b[12:]))
		if length > MaxExpressionLength || count-1 >= MaxInstructions ||
			//mutation:equivalent `first+count`: another check detects the same, on purpose
			source != nextSource || source+length > uint64(len(sources)) || first != nextInst || first+count > insts {
			return false
		}
		nextSource, nextInst = source+length, first+count
		expression := sources[source:nextSource]
		s.breaks(RequirementProgramOrder, i > 0 && bytes.Compare(before, expression) >= 0)
		before = expression
	}
	return nextSource == uint64(len(sources)) && nextInst == insts
}

// instructions checks group N. It sets used to 1 for each class that an
// instruction names.
func (s *scanner) instructions(used []byte) bool {
	all := s.sec[secInstructions]
	for b := s.sec[secPrograms]; len(b) >= programSize; b = b[programSize:] {
		n := le.Uint32(b[12:]) // programRecords has checked that the instructions tile
		mine := all[:n*instSize]
		all = all[n*instSize:]
		for ; len(mine) >= instSize; mine = mine[instSize:] {
			out, arg := uint32(le.Uint16(mine[2:])), le.Uint32(mine[4:])
			switch InstOp(le.Uint16(mine)) {
			case InstMatch:
				if out|arg != 0 {
					return false
				}
			case InstSplit:
				if arg >= n {
					return false
				}
			case InstRunes:
				if uint64(arg) >= uint64(len(used)) {
					return false
				}
				used[arg] = 1
			case InstAssert:
				if !Assertion(arg).Known() {
					return false
				}
			default:
				return false
			}
			if out >= n {
				return false
			}
		}
	}
	return true
}

// classes checks groups O and P.
func (s *scanner) classes() bool {
	ranges := s.sec[secRanges]
	var next uint64
	var before []byte
	//mutation:missed width: it takes a first wrong order at entry 257 or 65,537
	for i, b := 0, s.sec[secClasses]; len(b) >= classSize; i, b = i+1, b[classSize:] {
		first, count := uint64(le.Uint32(b)), uint64(le.Uint32(b[4:]))
		if count > MaxRanges || first != next || count*rangeSize > uint64(len(ranges)) {
			return false
		}
		next += count
		mine := ranges[:count*rangeSize]
		ranges = ranges[count*rangeSize:]
		least := uint32(0) // least start of the next range
		for r := mine; len(r) >= rangeSize; r = r[rangeSize:] {
			lo, hi := le.Uint32(r), le.Uint32(r[4:])
			if lo < least || hi < lo || hi > utf8.MaxRune {
				return false
			}
			least = hi + 2
		}
		s.breaks(RequirementClassOrder, i > 0 && compareRanges(before, mine) >= 0)
		before = mine
	}
	return len(ranges) == 0
}
