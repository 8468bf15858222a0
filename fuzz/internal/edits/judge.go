package edits

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"sync"

	"github.com/cfcheck/cfcheck/channelfile"
)

// An Outcome is the result for one mutant.
type Outcome uint8

// The outcomes. Silent and Faulty must not occur.
const (
	Rejected  Outcome = iota // unreadable, not in normal form, or with a wrong program
	Different                // kept, and it says something else
	Fixed                    // kept, but the original file is not
	Undone                   // the repair restored the file
	Silent                   // kept, and it says the same as another file
	Faulty                   // kept without encoding to itself, an invalid report, or a panic
	NumOutcomes
)

func (o Outcome) String() string {
	return [...]string{"rejected", "different", "fixed", "undone", "silent", "faulty"}[o]
}

// A Judge judges the mutants of a file. Several goroutines may use it.
type Judge struct {
	before  []byte
	kept    bool
	meaning func(*channelfile.File) string
	gate    func(data []byte, kept bool) error

	mu   sync.Mutex
	said map[digest]digest // the kept mutants, by meaning
}

// A digest identifies a file or a meaning within this process. It need not resist an attacker.
type digest [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func digestOf[T string | []byte](data T) digest {
	return digest{maphash.String(seeds[0], string(data)), maphash.String(seeds[1], string(data))}
}

// NewJudge returns the judge for the mutants of a file. The reader may reject the file itself.
// Meaning compares files: use [Meaning], or a poorer function to check that it is detected.
// Gate judges mutants; nil means that no gate does. NewJudge returns an error if the file
// is kept and faulty.
func NewJudge(data []byte, meaning func(*channelfile.File) string, gate func(data []byte, kept bool) error) (*Judge, error) {
	j := &Judge{meaning: meaning, gate: gate, said: map[digest]digest{}}
	o, err := j.Judge(data, AskAlways)
	j.before, j.kept = data, o != Rejected
	return j, err
}

// An Ask says which mutants the gate judges.
type Ask uint8

// The gate judges no mutant, the kept mutants, or all.
const (
	AskNever Ask = iota
	AskKept
	AskAlways
)

// Judge returns the outcome of a mutant, and the reason if the mutant is silent or faulty.
//
// A kept mutant is silent if it has the same meaning as another mutant. If the file itself is
// kept, a mutant with the meaning of the file is silent too. Otherwise the meaning of the file
// is unknown.
func (j *Judge) Judge(data []byte, ask Ask) (o Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			o, err = Faulty, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if j.before != nil && bytes.Equal(j.before, data) {
		return Undone, nil
	}
	f, err := channelfile.Parse(data)
	if err != nil || f.Conformance() != 0 || !OwnPrograms(f) {
		if ask == AskAlways && j.gate != nil {
			if err := j.gate(data, false); err != nil {
				return Faulty, err
			}
		}
		return Rejected, nil
	}
	encoded, err := channelfile.Encode(f)
	if err != nil {
		return Faulty, fmt.Errorf("the file is in normal form and does not encode: %w", err)
	}
	if !bytes.Equal(encoded, data) {
		return Faulty, fmt.Errorf("the file is in normal form and encodes to another file, from byte %#x on", FirstDifference(encoded, data))
	}
	if !j.isNew(j.meaning(f), data) {
		if j.kept {
			return Silent, errors.New("it says the same as the file or as another mutant of it")
		}
		return Silent, errors.New("it says the same as another mutant of the file")
	}
	if ask != AskNever && j.gate != nil {
		if err := j.gate(data, true); err != nil {
			return Faulty, err
		}
	}
	if j.before != nil && !j.kept {
		return Fixed, nil
	}
	return Different, nil
}

// isNew reports whether no other file had this meaning before.
func (j *Judge) isNew(meaning string, data []byte) bool {
	says, is := digestOf(meaning), digestOf(data)
	j.mu.Lock()
	defer j.mu.Unlock()
	other, found := j.said[says]
	if !found {
		j.said[says] = is
	}
	return !found || other == is
}

// FirstDifference returns the first offset at which two files differ.
func FirstDifference(a, b []byte) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}
