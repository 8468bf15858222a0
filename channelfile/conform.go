package channelfile

import (
	"crypto/sha256"
	"math/bits"
)

// A Requirement is a requirement of FORMAT.md that a readable file can break: those that
// make the encoding unique, and the digests.
type Requirement uint8

// The requirements, in the order of FORMAT.md, section 7.
const (
	RequirementHeaderDigest Requirement = iota
	RequirementSectionDigest
	RequirementSectionTiling
	RequirementPaddingZero
	RequirementInputsRead
	RequirementInstanceID
	RequirementInstanceOrder
	RequirementInstanceUnique
	RequirementConditionFlat
	RequirementConditionOrder
	RequirementCriterionOrder
	RequirementCriterionUsed
	RequirementOperandOrder
	RequirementValueOrder
	RequirementValueUsed
	RequirementOperandFolded
	RequirementOperatorSimplest
	RequirementTextOrder
	RequirementTextUsed
	RequirementTextUTF8
	RequirementUseOfOperator
	RequirementProgramOrder
	RequirementProgramUsed
	RequirementClassOrder
	RequirementClassUsed

	NumRequirements = iota
)

// Requirements is a set of requirements.
type Requirements uint32

func (r Requirement) set() Requirements { return 1 << r }

// Has reports whether the set has requirement r.
func (s Requirements) Has(r Requirement) bool { return s&r.set() != 0 }

// Len returns the number of requirements in the set.
func (s Requirements) Len() int { return bits.OnesCount32(uint32(s)) }

// Conformance returns the requirements that the file breaks. It computes the
// digests; Parse has found the other faults. It does not allocate.
func (f *File) Conformance() Requirements {
	broken := f.broken
	table := f.HeaderDigestRange()
	if sha256.Sum256(f.data[:table.Start]) != [digestSize]byte(f.data[table.Start:]) {
		broken |= RequirementHeaderDigest.set()
	}
	for i := range f.Sections {
		if f.SectionDigest(i) != f.Sections[i].Digest {
			broken |= RequirementSectionDigest.set()
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
