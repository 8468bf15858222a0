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

// maxSeed is the maximum size in bytes of a seed for fuzzing. Longer seeds slow the engine
// down and find nothing more. Without fuzzing they run too.
const maxSeed = 8 << 10

// fuzzing reports whether targets are fuzzed, not only run on their seeds.
func fuzzing() bool {
	f := flag.Lookup("test.fuzz")
	return f != nil && f.Value.String() != ""
}

// worker reports whether an engine gives this process its inputs. Such a process needs no
// seeds, and a program of libFuzzer does not have the files of the repository.
func worker() bool {
	f := flag.Lookup("test.fuzzworker")
	return f != nil && f.Value.String() == "true"
}

// seeds returns the seed files, each once.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	if worker() {
		return nil
	}
	cases := corpus.Cases()
	if len(cases) < 100 {
		t.Fatalf("the corpus has %d cases; want hundreds", len(cases))
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

// incidents returns corruptions known from past incidents. INCIDENTS describes the events; the
// bytes are ours.
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
		// July 2024: a machine died between allocating a file and writing it, so the file had
		// only zeros.
		make([]byte, 4096),
		torn(first, len(first)/2, len(first), 0),
		torn(first, 0, 512, 0),
		torn(first, 512, 1024, 0),
		torn(first, 0, len(first), 0xAA),
		torn(first, 0, 4, 0xAA),
		// A longer previous file, overwritten from its start.
		append(slices.Clone(march), first[min(len(march), len(first)):]...),
		append(slices.Clone(first), make([]byte, 4096-len(first))...),
		// November 2025: a feature file with every row twice.
		doubled(first),
		// Two files in one, and a file in a file.
		append(slices.Clone(march), first...),
		slices.Concat(first[:48], march, first[48:]),
		// A transfer in text mode.
		bytes.ReplaceAll(first, []byte("\r\n"), []byte("\n")),
		bytes.ReplaceAll(first, []byte("\n"), []byte("\r\n")),
		bytes.ToValidUTF8(first, []byte("\uFFFD")),
	}
}

// found returns files that fuzzing has found, each named by the fault.
func found() [][]byte {
	// CF1046 compared addresses as such, so an IPv4 address came before every IPv6 address.
	// The format compares the 16 stored bytes. The check missed a range from an IPv4 address
	// back to ::1, which the reader rejected.
	mapped := newRaw(6, 21, 19)
	mapped.sections[instances], mapped.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
	mapped.sections[criteria] = criterion(0, channelfile.OpAddressRange, 18, 0, 1)
	mapped.sections[operands], mapped.sections[values] = u32s(0), u32s(0, 32)
	first, last := netip.MustParseAddr("10.0.0.1").As16(), netip.MustParseAddr("::1").As16()
	mapped.sections[pool] = append(first[:], last[:]...)
	return [][]byte{mapped.bytes()}
}

// operandLists returns a file with a list of operands of maximum length, and one with a longer
// list. The corpus has files for all other limits; for this one a file would be large.
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

// doubled returns a valid file in which every instance occurs twice.
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
