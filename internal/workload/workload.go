// Package workload makes large channel files for tests and benchmarks: as many
// instances as are asked for, which look like detection rules for Windows.
//
// An instance has 4.39 criteria on average, of 20 inputs. Three in four compare
// a path, a command line, a registry key, a domain name, a hash or the like: 40
// in 100 of these exactly, 17 by prefix, 20 by suffix, 20 by what is contained
// or by a simple pattern, and 3 by a pattern with several wildcards, where a
// rule would have a regular expression. The others compare with one of a few
// words, as an integer or as an address. Most conditions are plain conjunctions,
// three in ten have a negation or an or.
//
// Common strings are shared by many instances and rare ones by none. The
// criteria of an instance have 100 bytes of strings, of which 70 are left when
// each string is stored once. With 100,000 instances that is a file of 176 bytes
// an instance, which is what other compact encodings of such rules come to; with
// 1,000,000, when more is shared, 166.
package workload

import (
	"encoding/hex"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"

	"github.com/cfcheck/cfcheck/channelfile"
)

// Header is the header of the files, but for what follows from the instances.
var Header = channelfile.Header{
	Channel:        900,
	Revision:       1,
	Type:           900,
	TypeVersion:    1,
	InputsDeclared: uint16(len(Inputs)),
	Created:        1_767_225_600, // 2026-01-01
}

// Inputs are the names of the inputs, all strings.
var Inputs = [...]string{
	eventType:         "EventType",
	image:             "Image",
	commandLine:       "CommandLine",
	parentImage:       "ParentImage",
	parentCommandLine: "ParentCommandLine",
	originalFileName:  "OriginalFileName",
	user:              "User",
	integrityLevel:    "IntegrityLevel",
	targetObject:      "TargetObject",
	details:           "Details",
	targetFilename:    "TargetFilename",
	hashes:            "Hashes",
	queryName:         "QueryName",
	destinationIP:     "DestinationIp",
	destinationPort:   "DestinationPort",
	sourceIP:          "SourceIp",
	protocol:          "Protocol",
	imageLoaded:       "ImageLoaded",
	pipeName:          "PipeName",
	logonType:         "LogonType",
}

const (
	eventType = iota
	image
	commandLine
	parentImage
	parentCommandLine
	originalFileName
	user
	integrityLevel
	targetObject
	details
	targetFilename
	hashes
	queryName
	destinationIP
	destinationPort
	sourceIP
	protocol
	imageLoaded
	pipeName
	logonType
)

var files struct {
	sync.Mutex
	made map[key][]byte
}

type key struct {
	instances int
	seed      uint64
}

// File returns the file of so many instances that follows from the seed. It is
// made once a process, and must not be modified.
func File(instances int, seed uint64) []byte {
	files.Lock()
	defer files.Unlock()
	k := key{instances, seed}
	if data, ok := files.made[k]; ok {
		return data
	}
	b := channelfile.NewBuilder(Header)
	for id, condition := range Instances(instances, seed) {
		if err := b.Add(id, condition, nil); err != nil {
			panic(fmt.Sprintf("workload: %v", err)) // a mistake in this package
		}
	}
	data, err := b.Encode()
	if err != nil {
		panic(fmt.Sprintf("workload: %v", err)) // more instances than a file can have
	}
	if files.made == nil {
		files.made = make(map[key][]byte)
	}
	files.made[k] = data
	return data
}

// Instances returns the instances of the file.
func Instances(n int, seed uint64) iter.Seq2[channelfile.ID, channelfile.Expr] {
	return func(yield func(channelfile.ID, channelfile.Expr) bool) {
		g := generator{rand.New(rand.NewPCG(seed, uint64(n)))}
		for range n {
			var id channelfile.ID
			for i := range id {
				id[i] = byte(g.Uint32())
			}
			if !yield(id, g.condition()) {
				return
			}
		}
	}
}

type generator struct{ *rand.Rand }

// chance returns true so many times in 100.
func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

// common picks from the list, what stands first more often.
func common[T any](g generator, list []T) T {
	return list[min(g.IntN(len(list)), g.IntN(len(list)), g.IntN(len(list)))]
}

// stringInputs are those that a string criterion is of, the more frequent ones
// more than once.
var stringInputs = []int{
	image, image, image, commandLine, commandLine, commandLine, parentImage, parentImage, parentCommandLine,
	originalFileName, user, targetObject, targetObject, details, targetFilename, targetFilename,
	hashes, queryName, queryName, imageLoaded, pipeName,
}

// condition returns the condition of an instance.
func (g generator) condition() channelfile.Expr {
	var parts []channelfile.Expr
	// 3.3 criteria of strings on average, each of another input.
	strings := [...]int{1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5}[g.IntN(20)]
	var used [len(Inputs)]bool
	for len(parts) < strings {
		in := pick(g, stringInputs)
		if !used[in] {
			used[in] = true
			parts = append(parts, g.stringCriterion(in))
		}
	}
	// 1.09 of other kinds.
	if g.chance(55) {
		parts = append(parts, channelfile.Equals(eventType, common(g, eventTypes)))
	}
	if g.chance(14) {
		parts = append(parts, channelfile.Equals(integrityLevel, pick(g, integrityLevels)))
	}
	if g.chance(18) {
		parts = append(parts, g.portCriterion())
	}
	if g.chance(12) {
		parts = append(parts, channelfile.AddressPrefix(pick(g, []int{destinationIP, sourceIP}), g.network()))
	}
	if g.chance(10) {
		parts = append(parts, channelfile.IntegerEquals(logonType, int64(pick(g, []int{2, 3, 4, 5, 7, 8, 9, 10, 11}))))
	}

	g.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
	n := len(parts)
	switch shape := g.IntN(100); {
	case shape < 15 && n >= 2:
		parts[n-1] = channelfile.Not(parts[n-1])
	case shape < 25 && n >= 3:
		return channelfile.And(append(parts[:n-2:n-2], channelfile.Or(parts[n-2:]...))...)
	case shape < 30 && n >= 4:
		return channelfile.Or(channelfile.And(parts[:n/2]...), channelfile.And(parts[n/2:]...))
	case shape < 33 && n >= 3:
		return channelfile.And(parts[0], channelfile.Not(channelfile.And(parts[1:]...)))
	}
	return channelfile.And(parts...)
}

// stringCriterion returns a criterion that compares strings.
func (g generator) stringCriterion(input int) channelfile.Expr {
	if input == hashes {
		return channelfile.Equals(input, g.hash()) // nobody looks for a part of one
	}
	var compare func(int, ...string) channelfile.Expr
	var operand func(int) string
	switch kind := g.IntN(95); { // hashes are 5 in 100, all of them exact
	case kind < 35:
		compare, operand = channelfile.Equals, g.whole
	case kind < 52:
		compare, operand = channelfile.Prefix, g.start
	case kind < 72:
		compare, operand = channelfile.Suffix, g.end
	case kind < 88:
		compare, operand = channelfile.Contains, g.middle
	case kind < 92:
		compare, operand = channelfile.Pattern, func(in int) string {
			return escape(g.start(in)) + "*" + escape(g.end(in))
		}
	default:
		compare, operand = channelfile.Pattern, func(in int) string {
			return "*" + escape(g.middle(in)) + "*" + escape(g.end(in)) + "??*"
		}
	}
	operands := []string{operand(input)}
	if g.chance(6) {
		for range 1 + g.IntN(3) {
			operands = append(operands, operand(input))
		}
	}
	e := compare(input, operands...)
	if g.chance(70) {
		e = e.Fold()
	}
	return e
}

var escape = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `\`, `\\`).Replace

func (g generator) portCriterion() channelfile.Expr {
	if g.chance(70) {
		return channelfile.IntegerEquals(destinationPort, common(g, ports))
	}
	least := int64(1024 * (1 + g.IntN(60)))
	return channelfile.IntegerRange(destinationPort, least, least+int64(pick(g, []int{9, 99, 999, 1023})))
}

func (g generator) network() netip.Prefix {
	a := netip.AddrFrom4([4]byte{common(g, []byte{10, 172, 192, 185, 45, 91, 5, 194, 23, 104}), byte(g.IntN(256)), byte(g.IntN(256)), 0})
	return netip.PrefixFrom(a, pick(g, []int{8, 12, 16, 16, 24, 24, 24}))
}

func (g generator) hash() string {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return "MD5=" + strings.ToUpper(hex.EncodeToString(b))
}

// whole returns a value of the input.
func (g generator) whole(input int) string {
	switch input {
	case originalFileName:
		return g.program()
	case user:
		return common(g, users)
	case details:
		return common(g, registryData)
	}
	return g.start(input) + g.rest(input)
}

// start returns what a value of the input may start with.
func (g generator) start(input int) string {
	switch input {
	case image, parentImage, targetFilename, imageLoaded:
		return g.folder()
	case commandLine, parentCommandLine:
		return g.program() + common(g, switches)
	case targetObject:
		return common(g, registryKeys) + `\`
	case queryName:
		return g.word() + "."
	case pipeName:
		return `\` + common(g, pipes)
	case user:
		return pick(g, users)[:4]
	}
	return g.word()
}

// rest returns what follows after a start.
func (g generator) rest(input int) string {
	switch input {
	case commandLine, parentCommandLine:
		if g.chance(30) {
			return g.word()
		}
		return g.folder() + g.program()
	case targetObject:
		return g.word()
	case queryName:
		return g.word() + common(g, topLevels)
	case targetFilename:
		return g.word() + common(g, extensions)
	case imageLoaded:
		return g.word() + ".dll"
	case pipeName:
		return g.word()
	}
	return g.program()
}

// end returns what a value of the input may end with.
func (g generator) end(input int) string {
	switch input {
	case image, parentImage, imageLoaded, targetFilename:
		return `\` + g.rest(input)
	case commandLine, parentCommandLine:
		return common(g, switches) + g.word()
	case targetObject:
		return `\` + g.word()
	case queryName:
		return "." + g.word() + common(g, topLevels)
	}
	return g.word()
}

// middle returns what a value of the input may have somewhere.
func (g generator) middle(input int) string {
	switch input {
	case image, parentImage, imageLoaded, targetFilename:
		return `\` + g.word() + `\`
	case commandLine, parentCommandLine:
		if g.chance(25) {
			return common(g, switches)
		}
		return common(g, switches) + g.word()
	case targetObject:
		return `\` + g.word() + `\`
	}
	return g.word()
}

func (g generator) folder() string {
	f := common(g, folders)
	if g.chance(35) {
		f += g.word() + `\`
	}
	return f
}

func (g generator) program() string {
	if g.chance(50) {
		return common(g, programs)
	}
	return g.word() + ".exe"
}

// word returns one of the words that people give things; some are frequent.
func (g generator) word() string {
	if g.chance(20) {
		return common(g, words)
	}
	var b strings.Builder
	for range 3 + g.IntN(2) {
		b.WriteString(pick(g, syllables))
	}
	if g.chance(25) {
		fmt.Fprintf(&b, "%d", g.IntN(100))
	}
	return b.String()
}
