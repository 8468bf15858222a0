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

// An Outcome is what becomes of a neighbour.
type Outcome uint8

// The outcomes. Silent and Faulty must not be.
const (
	Rejected  Outcome = iota // it cannot be read, is not in normal form, or has a program that is not its source's
	Different                // kept, and it says something else
	Mended                   // kept, and the file that was changed is not
	Undone                   // the repair made the file what it was
	Silent                   // kept, and it says what another file says
	Faulty                   // kept, and does not encode to itself; no verdict of the gate; or a panic
	NumOutcomes
)

func (o Outcome) String() string {
	return [...]string{"rejected", "different", "mended", "undone", "silent", "faulty"}[o]
}

// A Judge judges the neighbours of a file. Several goroutines may use it.
type Judge struct {
	before  []byte
	kept    bool
	meaning func(*channelfile.File) string
	gate    func(data []byte, kept bool) error

	mu   sync.Mutex
	said map[digest]digest // of what is kept, by its meaning
}

// A digest stands for a file or a meaning within this process, where nobody
// looks for two that have the same.
type digest [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func digestOf[T string | []byte](data T) digest {
	return digest{maphash.String(seeds[0], string(data)), maphash.String(seeds[1], string(data))}
}

// NewJudge returns the judge of the neighbours of a file, which need not be
// kept itself. Meaning is what files are compared by; [Meaning], but for who
// wants to see that a poorer one is found out. Gate, if it is not nil, is asked
// for a verdict. It is an error if the file itself is kept and faulty.
func NewJudge(data []byte, meaning func(*channelfile.File) string, gate func(data []byte, kept bool) error) (*Judge, error) {
	j := &Judge{meaning: meaning, gate: gate, said: map[digest]digest{}}
	o, err := j.Judge(data, AskAlways)
	j.before, j.kept = data, o != Rejected
	return j, err
}

// An Ask says which neighbours are shown to the gate.
type Ask uint8

// The gate is asked for a verdict on none, on what is kept, or on all.
const (
	AskNever Ask = iota
	AskKept
	AskAlways
)

// Judge says what becomes of a neighbour, and of one that is silent or faulty,
// why.
//
// Where the file is kept, a silent neighbour is one that says the same. Where it
// is not, no meaning of it is at hand; but also then no two neighbours that are
// kept say the same.
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
		return Faulty, fmt.Errorf("it is in normal form and does not encode: %w", err)
	}
	if !bytes.Equal(encoded, data) {
		return Faulty, fmt.Errorf("it is in normal form and encodes to another file, from byte %#x on", FirstDifference(encoded, data))
	}
	if !j.isNew(j.meaning(f), data) {
		if j.kept {
			return Silent, errors.New("it says what the file says, or another neighbour of it")
		}
		return Silent, errors.New("it says what another neighbour of the file says")
	}
	if ask != AskNever && j.gate != nil {
		if err := j.gate(data, true); err != nil {
			return Faulty, err
		}
	}
	if j.before != nil && !j.kept {
		return Mended, nil
	}
	return Different, nil
}

// isNew reports whether no other file has said so before.
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

// FirstDifference returns from which byte on two files differ.
func FirstDifference(a, b []byte) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}
