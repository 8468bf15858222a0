//go:build !peers

package main

import (
	"os"
	"strings"
	"testing"
)

func TestNoPeer(t *testing.T) {
	if err := run(os.Stdout, "no-such-folder", 1, 1); err == nil || !strings.Contains(err.Error(), "-tags peers") {
		t.Errorf("found the error %v; expected one that names the tag", err)
	}
}
