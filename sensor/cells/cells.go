// Package cells names the ways in which content uses a sensor, and keeps a ledger of those that
// shipped and did no harm.
//
// A sensor runs other code for another input, another operator, a longer value or a longer list.
// Code that no shipped content ever ran has no record of safety, even if its tests passed. A [Cell]
// is one such way of use. It is coarse enough to be seen again in the next release, and fine enough
// to tell the first use of an input or an operator.
package cells

import (
	"cmp"
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Cell is a way in which content of a template type uses a sensor. All content whose criteria
// have the same input, operator, class of value and class of size is in one cell. The number of
// instances of the content is a cell too, with the Operator "instances" and without an Input.
type Cell struct {
	Type     string // name of the template type
	Version  uint32 // of the template type
	Input    string // name of the input; "" means the content as a whole
	Operator string // operator and flags of FORMAT.md, such as "equals+fold"
	Class    Class  // of one operand; 0 means no operand
	Size     Size   // of the list of operands, or of the content
}

// Instances is the Operator of the cells of a number of instances.
const Instances = "instances"

// A Class is a set of properties of an operand. It has at most one of Empty, Short and Long.
type Class uint16

const (
	Empty      Class = 1 << iota // no bytes
	Short                        // 1 to 4,096 bytes
	Long                         // more than 4,096 bytes
	NonASCII                     // a byte that is not ASCII
	Wildcard                     // a pattern
	Expression                   // a regular expression; the others are for its source
	Number                       // an integer or a range of integers
	Address                      // a range of addresses
	Input                        // the value of another input
)

// maxShort is the length of the longest short value, in bytes.
const maxShort = 4096

// classNames are the names of the properties, in the order of the bits.
var classNames = []string{"empty", "short", "long", "non-ascii", "wildcard", "expression", "number", "address", "input"}

func (c Class) String() string {
	if c == 0 {
		return absent
	}
	var names []string
	for i, name := range classNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// A Size is a class of numbers: the number of bits of n - 1. Each class ends with a power of two,
// and the classes of 0 and 1 have one number. So Size 3 has the numbers from 5 to 8.
type Size int

// sizeZero is the class of 0.
const sizeZero Size = -1

// maxSize is the class of the largest numbers that a file has.
const maxSize Size = 32

// SizeOf returns the class of a number.
func SizeOf(n int) Size {
	if n <= 0 {
		return sizeZero
	}
	return Size(bits.Len(uint(n - 1))) //mutation:equivalent width: the value is at most 64
}

func (s Size) String() string {
	switch {
	case s < 0:
		return "0"
	case s < 2:
		return strconv.Itoa(1 << s)
	}
	return fmt.Sprintf("%d-%d", 1<<(s-1)+1, 1<<s)
}

// absent stands for a field without a value in the text of a cell.
const absent = "-"

// String returns the text of the cell in a ledger, such as "ipc/1 ImagePath equals+fold short 3-4".
func (c Cell) String() string {
	input := absent
	if c.Input != "" {
		input = quote(c.Input)
	}
	return fmt.Sprintf("%s %s %s %v %v", quote(c.Type+"/"+strconv.FormatUint(uint64(c.Version), 10)), input, quote(c.Operator), c.Class, c.Size)
}

// Compare orders cells by their fields.
func (c Cell) Compare(o Cell) int {
	return cmp.Or(
		cmp.Compare(c.Type, o.Type), cmp.Compare(c.Version, o.Version), cmp.Compare(c.Input, o.Input),
		cmp.Compare(c.Operator, o.Operator), cmp.Compare(c.Class, o.Class), cmp.Compare(c.Size, o.Size),
	)
}

// quote returns a text as one field of a line, in quotes if necessary.
func quote(s string) string {
	if s == "" || s == absent || s[0] == '#' || strings.ContainsAny(s, "\"\\") || !utf8.ValidString(s) ||
		strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// A Use is a cell and its first use in a file.
type Use struct {
	Cell
	Instance  int // index of the first instance in the cell; -1 means the content as a whole
	Word      int // index of the word that refers to the criterion; -1 means the content as a whole
	InputRead int // index of the input in the template type; -1 means the content as a whole
}

// Of returns the cells of a file, sorted. d is the definition of the file's template type. An input
// that it does not have is named by its number, such as "#21". Criteria that no instance uses do
// not count. Of takes time linear in the size of the file.
func Of(f *channelfile.File, d *sensor.Definition) []Use {
	return OfInstances(f, d, func(yield func(int) bool) {
		for i := range f.Instances() {
			if !yield(i) {
				return
			}
		}
	})
}

// OfInstances returns the cells of some instances of a file, like [Of]. The cell of the number of
// instances is that of the file.
func OfInstances(f *channelfile.File, d *sensor.Definition, instances iter.Seq[int]) []Use {
	s := &survey{f: f, seen: map[key]bool{}}
	if f.HasPrograms() {
		s.sources = make([]Class, f.Programs())
	}
	s.values = make([]Class, f.Values())
	s.uses = []Use{{Cell: Cell{Operator: Instances, Size: SizeOf(f.Instances())}, Instance: -1, Word: -1, InputRead: -1}}
	visited := make([]bool, f.Criteria())
	for i := range instances {
		in := f.Instance(i)
		for w := in.First; w < in.First+in.Count; w++ {
			word := f.Word(w)
			if !word.IsReference() || visited[word.Criterion()] {
				continue
			}
			visited[word.Criterion()] = true
			s.criterion(f.Criterion(word.Criterion()), i, w)
		}
	}
	for i := range s.uses {
		u := &s.uses[i]
		u.Type, u.Version = d.Name, d.Version
		if u.InputRead >= 0 {
			u.Input = inputName(d, u.InputRead)
		}
	}
	slices.SortFunc(s.uses, func(a, b Use) int { return a.Cell.Compare(b.Cell) })
	return s.uses
}

func inputName(d *sensor.Definition, index int) string {
	if index < len(d.Inputs) {
		return d.Inputs[index].Name
	}
	return fmt.Sprintf("#%d", index+1)
}

// A survey collects the cells of a file.
type survey struct {
	f    *channelfile.File
	uses []Use
	seen map[key]bool

	// Classes of the values, and of the sources of programs. 0 means that the class is not
	// known yet. Many criteria may use one value.
	values, sources []Class
}

// A key is a cell of one template type.
type key struct {
	input    int
	operator channelfile.Operator
	flags    channelfile.Flags
	class    Class
	size     Size
}

// criterion adds the cells of a criterion, to which word w of instance i refers.
func (s *survey) criterion(c channelfile.Criterion, i, w int) {
	k := key{int(c.Input), c.Operator, c.Flags, 0, SizeOf(c.Count)}
	if c.Count == 0 {
		s.add(k, i, w)
		return
	}
	if c.Flags&channelfile.FlagInputs != 0 {
		k.class = Input
		s.add(k, i, w)
		for other := range s.f.OperandInputs(c) {
			k.input = other
			s.add(k, i, w)
		}
		return
	}
	for n := range c.Count {
		//mutation:equivalent `n == 0`: add keeps each cell once
		if class := s.class(c.Operator, s.f.Operand(c.First+n)); n == 0 || class != k.class {
			k.class = class
			s.add(k, i, w)
		}
	}
}

// class returns the class of an operand.
func (s *survey) class(op channelfile.Operator, operand int) Class {
	switch op {
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return Number
	case channelfile.OpAddressRange:
		return Address
	case channelfile.OpRegexp:
		if s.sources[operand] == 0 {
			s.sources[operand] = Expression | classOf(s.f.Program(operand).Source())
		}
		return s.sources[operand]
	}
	if s.values[operand] == 0 {
		s.values[operand] = classOf(s.f.Value(operand))
	}
	if op == channelfile.OpPattern {
		return s.values[operand] | Wildcard
	}
	return s.values[operand]
}

// classOf returns the class of a text.
func classOf[T string | channelfile.Value](text T) Class {
	if len(text) == 0 {
		return Empty
	}
	class := Short
	if len(text) > maxShort {
		class = Long
	}
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return class | NonASCII
		}
	}
	return class
}

func (s *survey) add(k key, i, w int) {
	if s.seen[k] {
		return
	}
	s.seen[k] = true
	s.uses = append(s.uses, Use{
		Cell:     Cell{Operator: operatorName(k.operator, k.flags), Class: k.class, Size: k.size},
		Instance: i, Word: w, InputRead: k.input,
	})
}

// flagNames are the names of the flags in the Operator of a cell.
var flagNames = []struct {
	flag channelfile.Flags
	name string
}{{channelfile.FlagFold, "fold"}, {channelfile.FlagAll, "all"}, {channelfile.FlagInputs, "inputs"}}

func operatorName(op channelfile.Operator, flags channelfile.Flags) string {
	name := op.String()
	for _, f := range flagNames {
		if flags&f.flag != 0 {
			name += "+" + f.name
		}
	}
	return name
}
