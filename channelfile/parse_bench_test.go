package channelfile_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
)

// BenchmarkParse compares reading a file with hashing it, which is what the
// machine's speed cancels out of. Verify is Parse, every requirement of
// FORMAT.md, and all digests that the file carries.
func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		if testing.Short() && n > 100_000 {
			continue // building the file takes 15 s
		}
		data := workload.File(n, 1)
		b.Run(fmt.Sprintf("sha256/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				sha256.Sum256(data)
			}
		})
		b.Run(fmt.Sprintf("parse/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := channelfile.Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("verify/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := channelfile.Parse(data)
				if err != nil {
					b.Fatal(err)
				}
				if broken := f.Conformance(); broken != 0 {
					b.Fatal(broken)
				}
				f.ContentDigest()
			}
		})
	}
}
