package config

import (
	"bytes"
	"os"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// TestPairs compiles real configurations and compares with the blobs of Microsoft's compiler.
func TestPairs(t *testing.T) {
	b, err := sysmon.BuildNamed("13.24")
	if err != nil {
		t.Fatal(err)
	}
	list := needData(t, "pairs/*.xml")
	equal := 0
	for _, name := range list {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(name + ".bin")
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		l := c.Load(b)
		got, err := l.Blob()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(got, want) {
			at := 0
			for at < len(got) && at < len(want) && got[at] == want[at] {
				at++
			}
			t.Errorf("%s: %d bytes, want %d; first difference at %d", name, len(got), len(want), at)
			continue
		}
		equal++
	}
	t.Logf("%d of %d equal", equal, len(list))
}
