package fuzz

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"net/netip"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
)

// maxSeed is the size in bytes of the longest seed to fuzz from: what is long
// slows the engine down, and finds nothing that is not found with less. Without
// fuzzing the long ones run too.
const maxSeed = 8 << 10

// fuzzing reports whether targets are fuzzed, and not only their seeds run.
func fuzzing() bool {
	f := flag.Lookup("test.fuzz")
	return f != nil && f.Value.String() != ""
}

// worker reports whether an engine gives this process its inputs. What a target
// adds is for nothing then; and the files of the repository that it would add
// are not beside a program of libFuzzer.
func worker() bool {
	f := flag.Lookup("test.fuzzworker")
	return f != nil && f.Value.String() == "true"
}

// seeds returns the files to start from, each once.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	if worker() {
		return nil
	}
	cases := corpus.Cases()
	if len(cases) < 100 {
		t.Fatalf("the corpus has %d cases; expected hundreds", len(cases))
	}
	var all [][]byte
	for _, c := range cases {
		all = append(all, c.Data)
	}
	all = append(all, incidents(t)...)
	all = append(all, found()...)
	all = append(all, operandLists()...)
	seen := map[[32]byte]bool{}
	var list [][]byte
	for _, data := range all {
		if sum := sha256.Sum256(data); !seen[sum] && (len(data) <= maxSeed || !fuzzing()) {
			seen[sum] = true
			list = append(list, data)
		}
	}
	return list
}

// incidents returns shapes that past incidents left on disks. INCIDENTS names
// the events; the bytes are ours.
func incidents(t testing.TB) [][]byte {
	first := gatetest.Case(t, "291-july-first-use").Data
	march := gatetest.Case(t, "291-march-state").Data
	torn := func(data []byte, from, to int, with byte) []byte {
		data = slices.Clone(data)
		for i := from; i < to; i++ {
			data[i] = with
		}
		return data
	}
	return [][]byte{
		// July 2024: a machine died between the allocation of a file and
		// its writing, and the file had zeros where its bytes should be.
		make([]byte, 4096),
		torn(first, len(first)/2, len(first), 0),
		torn(first, 0, 512, 0),
		torn(first, 512, 1024, 0),
		torn(first, 0, len(first), 0xAA),
		torn(first, 0, 4, 0xAA),
		// The file that went before, longer, overwritten from its start.
		append(slices.Clone(march), first[min(len(march), len(first)):]...),
		append(slices.Clone(first), make([]byte, 4096-len(first))...),
		// November 2025: a feature file with every row twice.
		doubled(first),
		// Two files in one, and a file in a file.
		append(slices.Clone(march), first...),
		slices.Concat(first[:48], march, first[48:]),
		// A transfer that took the file for text.
		bytes.ReplaceAll(first, []byte("\r\n"), []byte("\n")),
		bytes.ReplaceAll(first, []byte("\n"), []byte("\r\n")),
		bytes.ToValidUTF8(first, []byte("\uFFFD")),
	}
}

// found returns what fuzzing has found, each by what was wrong.
func found() [][]byte {
	// CF1046 compared addresses as such, where an IPv4 address comes before
	// every IPv6 address, and not as the 16 bytes that are stored. It found no
	// fault in a range from an IPv4 address back to ::1, which the reader did.
	mapped := newRaw(6, 21, 19)
	mapped.sections[instances], mapped.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
	mapped.sections[criteria] = criterion(0, channelfile.OpAddressRange, 18, 0, 1)
	mapped.sections[operands], mapped.sections[values] = u32s(0), u32s(0, 32)
	first, last := netip.MustParseAddr("10.0.0.1").As16(), netip.MustParseAddr("::1").As16()
	mapped.sections[pool] = append(first[:], last[:]...)
	return [][]byte{mapped.bytes()}
}

// operandLists returns files with a list of operands as long as it may be, and
// one longer. The corpus has all other limits; a file of its own for this one
// would be large.
func operandLists() [][]byte {
	var list [][]byte
	for _, n := range []int{channelfile.MaxOperands, channelfile.MaxOperands + 1} {
		r := newRaw(6, 21, 1)
		r.sections[instances], r.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
		r.sections[criteria] = criterion(0, channelfile.OpEquals, 0, 0, n)
		for i := range n {
			r.sections[operands] = append(r.sections[operands], u32s(i)...)
			r.sections[values] = append(r.sections[values], u32s(4*i, 4)...)
			r.sections[pool] = binary.BigEndian.AppendUint32(r.sections[pool], uint32(i))
		}
		list = append(list, r.bytes())
	}
	return list
}

// doubled has every instance of a file twice, and is whole otherwise.
func doubled(data []byte) []byte {
	r, ok := rawOf(data)
	if !ok {
		return data
	}
	words := uint32(len(r.sections[1]) / 4)
	copies := slices.Clone(r.sections[0])
	for i := 0; i+24 <= len(copies); i += 24 {
		first := binary.LittleEndian.Uint32(copies[i+16:])
		binary.LittleEndian.PutUint32(copies[i+16:], first+words)
	}
	r.sections[instances] = append(r.sections[instances], copies...)
	for _, k := range []int{conditions, origins, uses} {
		r.sections[k] = append(r.sections[k], r.sections[k]...)
	}
	return r.bytes()
}
