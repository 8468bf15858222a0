package channelfile

import (
	"crypto/sha256"
	"os"
	"testing"
	"time"
)

func TestStages(t *testing.T) {
	data, _ := os.ReadFile("/tmp/w100k.cf")
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	mk := func() *scanner {
		s := scanner{File: f, referenced: newBitset(f.Criteria())}
		for r := range s.roles { s.roles[r]=newBitset(f.Values()) }
		return &s
	}
	s := mk()
	s.criteria()
	best := func(name string, fn func()) {
		m := time.Hour
		for range 300 {
			a := time.Now()
			fn()
			m = min(m, time.Since(a))
		}
		t.Log(name, m)
	}
	best("sha", func() { sha256.Sum256(data) })
	best("instances", func() { s.instances() })
	best("values", func() { s.values() })
	best("criteria", func() { s.criteria() })
	best("conditions", func() { s.conditions() })
	best("parse", func() { Parse(data) })
}
