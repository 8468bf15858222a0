package main

import (
	"io"
	"testing"
)

func BenchmarkZZ(b *testing.B) {
	for b.Loop() {
		run([]string{"check", "--fleet", "reference", "/tmp/outd"}, nil, io.Discard, io.Discard)
	}
}
