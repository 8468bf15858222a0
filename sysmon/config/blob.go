package config

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// Blob returns the rule blob that the loader writes to the registry. It follows the loader to
// the byte, also where that undoes an event record.
//
// It returns no bytes and no error if the configuration has no element to write: the build
// then has no blob. It returns an error if the build refuses the configuration, or if the
// layout or the binary version of the build is not known.
func (l *Loading) Blob() ([]byte, error) {
	b := l.Build
	switch {
	case l.Refused != nil:
		return nil, fmt.Errorf("build %s refuses the configuration: %s", b.Name, l.Refused.Text)
	case b.Layout == sysmon.Layout15 && b.Binary == sysmon.Version{}:
		return nil, fmt.Errorf("no rule blob can be written for Sysmon %s: its binary version is not known", b.Name)
	}
	w, err := l.write(b.Binary, len(l.attempts))
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", b.Name, err)
	}
	return w.Bytes(), nil
}

// write writes the first n elements that the loader writes, and undoes those that it undoes.
func (l *Loading) write(binary sysmon.Version, n int) (*blob.Writer, error) {
	w, err := blob.NewWriter(binary, l.Declared)
	if err != nil {
		return nil, err
	}
	for i := range n {
		if err := writeElement(w, &l.attempts[i].element); err != nil {
			return nil, err
		}
		if l.attempts[i].undone {
			if err := w.Undo(); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

func writeElement(w *blob.Writer, e *sysmon.Element) error {
	if err := w.Element(e.Event, e.Include, e.All); err != nil {
		return err
	}
	next := 0
	for i := 0; ; i++ {
		for ; next < len(e.Groups) && e.Groups[next].First == i; next++ {
			if err := w.Group(e.Groups[next].Name, e.Groups[next].All); err != nil {
				return err
			}
		}
		if i == len(e.Filters) {
			return nil
		}
		f := &e.Filters[i]
		if f.Group < 0 {
			w.EndGroup()
		}
		if err := w.Filter(f.Field, f.Op, f.Value, f.Name); err != nil {
			return err
		}
	}
}

// damage reports a link that the loader writes to the place of a Rule that it undid. It does
// so whatever the layout of the build is, but only that of binary version 15 and later is
// known.
func (l *loader) damage() {
	undone, n := -1, 0
	linked := true // the last Rule that was written is still there
	for i := range l.attempts {
		a := &l.attempts[i]
		if len(a.element.Groups) == 0 {
			continue
		}
		if !linked {
			n = i + 1
		}
		if linked = !a.undone; a.undone && undone < 0 {
			undone = i
		}
	}
	// Without a Rule behind one that was undone there is no link to write.
	if n == 0 || l.build.Layout != sysmon.Layout15 {
		return
	}
	// The header is the same for all versions of this layout.
	w, err := l.write(sysmon.Version{Major: 15}, n)
	if err != nil || !w.Damaged() {
		return
	}
	place := l.attempts[undone].element.Place
	l.Sure = false
	l.report(&Problem{
		Kind: KnownBug, Reason: DamagedBlob, Node: l.nodeAt(place), Place: place, Sure: l.known,
		Text: "the loader compiles the element for an event that lacks one of its fields, and takes it back. It then writes the link of the next Rule over other data, so rules can be damaged, or the loader crashes",
		Fix:  "put the field that the event lacks (such as Details) into the first Rule of the element",
	})
}

// nodeAt returns the element at a place.
func (l *loader) nodeAt(p sysmon.Place) int {
	for i := range l.config.Nodes {
		if l.config.Nodes[i].Place == p {
			return i
		}
	}
	return 0
}
