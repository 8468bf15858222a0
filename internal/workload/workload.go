// Package workload generates large channel files for tests and benchmarks. They
// have any number of instances, which look like detection rules for Windows.
//
// An instance has 4.39 criteria on average, of 20 inputs. Three in four compare
// a path, a command line, a registry key, a domain name, a hash or a similar
// string: 40 in 100 of these by equality, 17 by prefix, 20 by suffix, 20 by
// contains or a simple pattern, and 3 by a pattern with several wildcards, where a
// rule would have a regular expression. The others compare with one of a few
// words, as an integer or as an address. Most conditions are plain conjunctions.
// Three in ten have a negation or an or.
//
// Many instances share the common strings, and rare strings are not shared. The
// criteria of an instance have 100 bytes of strings. If each string is stored once,
// 70 bytes remain. A file of 100,000 instances has 176 bytes for each instance,
// similar to other compact encodings of such rules. A file of 1,000,000 shares
// more strings and has 166.
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

// Header is the header of the files, without the fields that depend on the instances.
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

// File returns the file with a number of instances for a seed. It is generated once
// for each process, and must not be modified.
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
			panic(fmt.Sprintf("workload: %v", err)) // a fault of this package
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

// chance returns true with a probability in percent.
func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

// common picks an element of the list, earlier ones more often.
func common[T any](g generator, list []T) T {
	return list[min(g.IntN(len(list)), g.IntN(len(list)), g.IntN(len(list)))]
}

// stringInputs are the inputs of string criteria. Frequent ones are repeated.
var stringInputs = []int{
	image, image, image, commandLine, commandLine, commandLine, parentImage, parentImage, parentCommandLine,
	originalFileName, user, targetObject, targetObject, details, targetFilename, targetFilename,
	hashes, queryName, queryName, imageLoaded, pipeName,
}

// condition returns the condition of an instance.
func (g generator) condition() channelfile.Expr {
	var parts []channelfile.Expr
	// On average 3.3 string criteria, each on another input.
	strings := [...]int{1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5}[g.IntN(20)]
	var used [len(Inputs)]bool
	for len(parts) < strings {
		in := pick(g, stringInputs)
		if !used[in] {
			used[in] = true
			parts = append(parts, g.stringCriterion(in))
		}
	}
	// On average 1.09 other criteria.
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
		return channelfile.Equals(input, g.hash()) // rules compare whole hashes
	}
	var compare func(int, ...string) channelfile.Expr
	var operand func(int) string
	switch kind := g.IntN(95); { // 5 in 100 are hashes, compared by equality
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
	return channelfile.IntegerRange(destinationPort, [2]int64{least, least + int64(pick(g, []int{9, 99, 999, 1023}))})
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

// start returns a possible start of a value of the input.
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

// rest returns a text after a start.
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

// end returns a possible end of a value of the input.
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

// middle returns a possible part of a value of the input.
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

// word returns a word for a name. Some words are frequent.
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
