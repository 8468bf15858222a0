package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/config"
)

// recompiled returns the blob that the version of Sysmon of a blob makes of its configuration.
func recompiled(t *testing.T, data []byte) ([]byte, error) {
	t.Helper()
	b, err := blob.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	text, err := config.Decompile(b)
	if err != nil {
		return nil, err
	}
	c, err := config.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, build := range sysmon.Builds() {
		if build.Binary == b.Header.Binary {
			return c.Load(build).Blob()
		}
	}
	return data, nil
}

// TestDecompileCorpus holds that each blob of the corpus either comes back from its configuration,
// or gives an error that names a byte.
func TestDecompileCorpus(t *testing.T) {
	back, newer := 0, 0 // newer: blobs with a field or an event that their schema lacks
	for _, c := range corpus.Sysmon() {
		if !c.IsBlob() {
			continue
		}
		data, err := recompiled(t, c.Data)
		b, _ := blob.Parse(c.Data)
		switch {
		case err != nil && strings.Contains(err.Error(), "byte ") && strings.Contains(err.Error(), "no configuration with schema 4.50 has this"):
			newer++
		case err != nil && c.Expect == corpus.Accepted && b.Layout == sysmon.Layout15:
			t.Errorf("%s is accepted, but is not decompiled: %v", c.Name, err)
		case err != nil && !strings.Contains(err.Error(), "byte ") && !strings.Contains(err.Error(), "no known version"):
			t.Errorf("%s: the error names no byte: %v", c.Name, err)
		case err == nil && b.Differs(data) >= 0:
			t.Errorf("%s: the blob differs at byte %d", c.Name, b.Differs(data))
		case err == nil:
			back++
		}
	}
	if back < 10 || newer != 2 {
		t.Errorf("%d blobs came back, expected 10 or more; %d have newer parts, expected 2", back, newer)
	}
}

// TestDecompileReal holds that real blobs come back byte for byte.
func TestDecompileReal(t *testing.T) {
	list, _ := filepath.Glob("../../../shared/data/sysmon/pairs/*.bin")
	if len(list) == 0 {
		t.Skip("public rule blobs are not ours to publish, and are not beside this checkout")
	}
	for _, name := range list {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := recompiled(t, data); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: it does not come back: %v", filepath.Base(name), err)
		}
	}
}
