package testkit

import (
	"encoding/binary"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// IPC is a header for version 1 of the built-in template type ipc, which
// declares 21 inputs, on channel 291.
var IPC = channelfile.Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 21}

// HeaderOf returns a header for the type of a definition, with revision 1.
func HeaderOf(d *sensor.Definition) channelfile.Header {
	return channelfile.Header{Channel: d.Channel, Revision: 1, Type: d.Number, TypeVersion: d.Version, InputsDeclared: uint16(len(d.Inputs))}
}

// ID returns the ID of instance n, counted from 0. IDs ascend.
func ID(n int) channelfile.ID {
	var id channelfile.ID
	binary.BigEndian.PutUint64(id[8:], uint64(n)+1)
	return id
}

// Origins returns a function for EncodeFrom: instance n, counted from 0, comes
// from "Rule n+1", in line 10 × (n + 1) of the file path.
func Origins(path string) func(n int) *channelfile.Origin {
	return func(n int) *channelfile.Origin {
		return &channelfile.Origin{Rule: fmt.Sprintf("r-%d", n+1), Title: fmt.Sprintf("Rule %d", n+1), Path: path, Line: 10 * (n + 1)}
	}
}

// From returns a function for EncodeFrom: all instances have the same origin.
func From(origin *channelfile.Origin) func(n int) *channelfile.Origin {
	return func(int) *channelfile.Origin { return origin }
}

// Encode returns a channel file with one instance for each condition, in that
// order, without provenance.
func Encode(t T, h channelfile.Header, conditions ...channelfile.Expr) []byte {
	t.Helper()
	return EncodeFrom(t, h, From(nil), conditions...)
}

// EncodeFrom returns the channel file of Encode, in which instance n has the
// origin that origin returns for n.
func EncodeFrom(t T, h channelfile.Header, origin func(n int) *channelfile.Origin, conditions ...channelfile.Expr) []byte {
	t.Helper()
	b := channelfile.NewBuilder(h)
	for i, c := range conditions {
		if err := b.Add(ID(i), c, origin(i)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Parse parses a file that the reader must accept.
func Parse(t T, data []byte) *channelfile.File {
	t.Helper()
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// File encodes and parses a channel file with one instance for each condition.
func File(t T, h channelfile.Header, conditions ...channelfile.Expr) *channelfile.File {
	t.Helper()
	return Parse(t, Encode(t, h, conditions...))
}

// Large returns a file with 100,000 instances and about 440,000 words.
func Large(t T) *channelfile.File {
	t.Helper()
	conditions := make([]channelfile.Expr, 100_000)
	for i := range conditions {
		list := []channelfile.Expr{
			channelfile.Equals(5, fmt.Sprintf(`\pipe%d`, i%5000)), channelfile.Suffix(6, fmt.Sprintf(`\image%d`, i%3000)),
			channelfile.Not(channelfile.Contains(7, fmt.Sprint(i%200))), channelfile.Equals(8, fmt.Sprint(i)),
		}
		if i%5 < 2 {
			list = append(list, channelfile.Exists(i%21))
		}
		conditions[i] = channelfile.And(list...)
	}
	return File(t, IPC, conditions...)
}
