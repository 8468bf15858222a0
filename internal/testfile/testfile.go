// Package testfile builds channel files for tests. Every file is of version 1
// of template type 1, which declares 21 inputs, on channel 291.
package testfile

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
)

// Header is the header of the files.
var Header = channelfile.Header{Channel: 291, Revision: 7, Type: 1, TypeVersion: 1, InputsDeclared: 21, Created: 1}

// ID returns the ID of instance n, counted from 0. IDs ascend.
func ID(n int) channelfile.ID {
	var id channelfile.ID
	binary.BigEndian.PutUint64(id[8:], uint64(n)+1)
	return id
}

// Encode returns a file with one instance for each condition, in that order.
// All have the same origin; nil means that they have no origin.
func Encode(t testing.TB, origin *channelfile.Origin, conditions ...channelfile.Expr) []byte {
	t.Helper()
	b := channelfile.NewBuilder(Header)
	for i, c := range conditions {
		if err := b.Add(ID(i), c, origin); err != nil {
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
func Parse(t testing.TB, data []byte) *channelfile.File {
	t.Helper()
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Large returns a file with 100,000 instances and about 440,000 words.
func Large(t testing.TB) *channelfile.File {
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
	return Parse(t, Encode(t, nil, conditions...))
}
