package match_test

import (
	"encoding/binary"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// FuzzMatch runs any readable file on any event, with an index and without.
func FuzzMatch(f *testing.F) {
	g := generate.New(13)
	for range 60 {
		d := g.Definition()
		data := g.File(d)
		file, err := channelfile.Parse(data)
		if err != nil {
			f.Fatal(err)
		}
		s := interp.NewSynthesizer(file, nil, d.Types())
		s.Events(g.Intn(file.Instances()), len(d.Inputs), func(e interp.Event) bool {
			f.Add(data, spell(e))
			return g.Intn(3) > 0
		})
	}
	f.Fuzz(func(t *testing.T, data, spelt []byte) {
		if len(data) > 1<<16 || len(spelt) > 1<<12 {
			return // longer ones show no more
		}
		file, err := channelfile.Parse(data)
		if err != nil {
			return
		}
		newDiffer(t, file).compare(read(spelt))
	})
}

// spell writes an event as bytes: for each value its type, and a number, an address or a text
// behind its length.
func spell(e interp.Event) (b []byte) {
	for _, v := range e {
		b = append(b, byte(v.Type))
		switch v.Type {
		case sensor.TypeInteger:
			b = binary.AppendVarint(b, v.Integer)
		case sensor.TypeAddress:
			b = append(b, v.Address[:]...)
		case sensor.TypeString:
			b = append(binary.AppendUvarint(b, uint64(len(v.Text))), v.Text...)
		}
	}
	return b
}

// read reads an event that spell wrote, or any other bytes.
func read(b []byte) (e interp.Event) {
	for len(b) > 0 {
		v := interp.Value{Type: sensor.InputType(b[0] % 4)}
		b = b[1:]
		switch v.Type {
		case sensor.TypeInteger:
			n, size := binary.Varint(b)
			v.Integer, b = n, b[max(size, 0):]
		case sensor.TypeAddress:
			b = b[copy(v.Address[:], b):]
		case sensor.TypeString:
			n, size := binary.Uvarint(b)
			b = b[max(size, 0):]
			n = min(n, uint64(len(b)))
			v.Text, b = b[:n:n], b[n:]
		}
		e = append(e, v)
	}
	return e
}
