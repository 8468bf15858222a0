package match

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// An Index is an index over the instances of one or several channel files. It never changes, and
// may be used by several goroutines.
type Index struct {
	files     []*channelfile.File
	instances []int // by file: number of instances before it, and at the end of all
	criteria  []int // by file: number of criteria before it, and at the end of all

	inputs []input
	fields []*field // the inputs with tables, by input

	// Criteria have numbers. Those that the tables decide come first.
	criterionOf []uint32 // by number: the criterion
	modes       []mode   // by number
	decided     uint32   // how many criteria the tables decide
	marks       uint32   // how many numbers a posting can have as guards; see record.go

	literals int
	records  []byte   // the literals, and what they are for; see record.go
	always   []uint32 // instances without an access criterion, by the node before their condition
	// code has the conditions. The nodes of an instance follow one that has the number of the
	// instance as its test, and the node behind the last as its jump.
	code []node
	// allowance is the time that an event without values may take, in nanoseconds.
	allowance uint64
	share     uint64 // the allowance is this part of the time of the interpreter
}

// An input is an input that criteria read.
type input struct {
	index   int
	accepts uint8  // bit t is set if all operators on the input accept values of type t
	field   *field // nil if the input has no tables
	perByte uint64 // allowance for each byte of the value, in nanoseconds
}

// A mode tells how to evaluate a criterion.
type mode uint8

const (
	// found means that the tables have all literals that the criterion needs. It is false for an
	// event unless one of them was found.
	found mode = 1 << iota
	// onView means that the criterion may be evaluated as bytes of the folded value.
	onView
)

// Errors of New.
var (
	ErrNoFile = errors.New("an index needs at least one channel file")
	ErrTypes  = errors.New("the channel files are for different template types")
)

// New returns an index over files, which must be for the same version of the same template type.
// The instances of the files are numbered as if the files were one behind the other. New takes
// time and memory in proportion to the files.
func New(files ...*channelfile.File) (*Index, error) { return newIndex(usual, files) }

func newIndex(t tuning, files []*channelfile.File) (*Index, error) {
	if len(files) == 0 {
		return nil, ErrNoFile
	}
	ix := &Index{files: slices.Clone(files), instances: []int{0}, criteria: []int{0}}
	words := 0
	for _, f := range files {
		a, b := &files[0].Header, &f.Header
		if a.Type != b.Type || a.TypeVersion != b.TypeVersion {
			return nil, fmt.Errorf("type %d version %d, and type %d version %d: %w", a.Type, a.TypeVersion, b.Type, b.TypeVersion, ErrTypes)
		}
		ix.instances = append(ix.instances, ix.Instances()+f.Instances())
		ix.criteria = append(ix.criteria, ix.criteria[len(ix.criteria)-1]+f.Criteria())
		words += f.Words()
	}
	if uint64(words) > never/4 || ix.criteria[len(files)] > maxCriteria {
		return nil, fmt.Errorf("the files have %d criteria in %d words, more than an index can have", ix.criteria[len(files)], words)
	}
	newBuilder(ix, t).build()
	return ix, nil
}

// Instances returns the number of instances of all files.
func (ix *Index) Instances() int { return ix.instances[len(ix.instances)-1] }

// Locate returns the file and the instance in it for instance n of the index.
func (ix *Index) Locate(n int) (file, instance int) {
	file = locate(ix.instances, n)
	return file, n - ix.instances[file]
}

// locate returns the last i with starts[i] <= n, of the starts before the last one.
func locate(starts []int, n int) int {
	if len(starts) == 2 {
		return 0
	}
	i, _ := slices.BinarySearch(starts[1:], n+1)
	return i
}

// criterion returns a criterion of the index with its file, and its number there.
func (ix *Index) criterion(n int) (*channelfile.File, int, int) {
	file := locate(ix.criteria, n)
	return ix.files[file], file, n - ix.criteria[file]
}

// Statistics describe an index.
type Statistics struct {
	Instances int
	// Always is the number of instances that are evaluated for each event, because no literal
	// tells that they cannot match.
	Always   int
	Literals int // number of entries of the tables
	Bytes    int // memory of the index without the files
}

// Statistics returns figures about the index.
func (ix *Index) Statistics() Statistics {
	s := Statistics{Instances: ix.Instances(), Always: len(ix.always), Literals: ix.literals}
	s.Bytes = len(ix.records) + 4*len(ix.always) + 8*len(ix.code) + len(ix.modes) + 4*len(ix.criterionOf)
	for _, f := range ix.fields {
		for _, t := range f.tables() {
			s.Bytes += 8*len(t.slots) + 8*len(t.bitmap)
		}
	}
	return s
}

// accepted returns the types of values that an operator accepts, as a bit set.
func accepted(op channelfile.Operator) uint8 {
	const text = 1 << sensor.TypeString
	switch op {
	case channelfile.OpExists:
		return text | 1<<sensor.TypeInteger | 1<<sensor.TypeAddress
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return text | 1<<sensor.TypeInteger
	case channelfile.OpAddressRange:
		return text | 1<<sensor.TypeAddress
	}
	return text
}
