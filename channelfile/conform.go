package channelfile

import (
	"crypto/sha256"
	"math/bits"
)

// A Rule is a requirement of FORMAT.md that a file can break and still be
// read: those that make the encoding unique, and the digests.
type Rule uint8

// The rules, in the order of FORMAT.md, section 7.
const (
	RuleHeaderDigest Rule = iota
	RuleSectionDigest
	RuleSectionTiling
	RulePaddingZero
	RuleInputsRead
	RuleInstanceID
	RuleInstanceOrder
	RuleInstanceUnique
	RuleConditionFlat
	RuleConditionOrder
	RuleCriterionOrder
	RuleCriterionUsed
	RuleOperandOrder
	RuleValueOrder
	RuleValueUsed
	RuleOperandFolded
	RuleOperatorSimplest
	RuleTextOrder
	RuleTextUsed
	RuleTextUTF8
	RuleUseOfOperator
	RuleProgramOrder
	RuleProgramUsed
	RuleClassOrder
	RuleClassUsed

	NumRules = iota
)

// Rules is a set of rules.
type Rules uint32

func (r Rule) set() Rules { return 1 << r }

// Has reports whether the set has rule r.
func (s Rules) Has(r Rule) bool { return s&r.set() != 0 }

// Len returns the number of rules in the set.
func (s Rules) Len() int { return bits.OnesCount32(uint32(s)) }

// Conformance returns the rules that the file breaks. It hashes the file; the
// rest was found out by Parse. It does not allocate.
func (f *File) Conformance() Rules {
	broken := f.broken
	table := f.HeaderDigestRange()
	if sha256.Sum256(f.data[:table.Start]) != [digestSize]byte(f.data[table.Start:]) {
		broken |= RuleHeaderDigest.set()
	}
	for i := range f.Sections {
		if f.SectionDigest(i) != f.Sections[i].Digest {
			broken |= RuleSectionDigest.set()
		}
	}
	return broken
}

// SectionDigest computes the digest of section i from its bytes.
func (f *File) SectionDigest(i int) [digestSize]byte {
	r := f.Sections[i].Range
	return sha256.Sum256(f.data[r.Start:r.End])
}

// ComputeHeaderDigest computes the header digest from the bytes before it.
func (f *File) ComputeHeaderDigest() [digestSize]byte {
	return sha256.Sum256(f.data[:f.HeaderDigestRange().Start])
}
