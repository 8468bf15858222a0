package config

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// Decompile returns a configuration in UTF-8 from which Sysmon compiles a rule blob again: byte for
// byte, but for the bytes between records that an event leaves that was undone ([blob.Blob.Gaps]).
// For the layout of version 1.01, which this package does not write, it gives the same rules. The
// options of a configuration are not in the blob, the registry has them beside it.
//
// It returns an error that names the byte for a blob that has a fault, or for rules that no
// configuration states, such as a field that is newer than the schema of the blob.
func Decompile(b *blob.Blob) ([]byte, error) {
	for i := range b.Faults {
		if f := &b.Faults[i]; !f.Requirement.Note() {
			return nil, fmt.Errorf("byte 0x%X (%d): found %s; expected %s", f.Offset, f.Offset, f.Found, f.Want)
		}
	}
	build := compilerOf(b)
	if build == nil {
		return nil, fmt.Errorf("no known version of Sysmon compiles blobs of binary version %s with schema %s", b.Header.Binary, b.Header.Schema)
	}
	for _, f := range b.For(build) {
		if !f.Requirement.Note() {
			return nil, fmt.Errorf("byte 0x%X (%d): found %s; expected %s", f.Offset, f.Offset, f.Found, f.Want)
		}
	}
	rules := b.Rules(build.Manifest())
	var text bytes.Buffer
	if err := Write(&text, rules, build.Manifest()); err != nil {
		return nil, err
	}
	if err := proves(text.Bytes(), rules, build, b); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// compilerOf returns the newest build that can have compiled a blob, or nil.
func compilerOf(b *blob.Blob) *sysmon.Build {
	var newest *sysmon.Build
	for _, build := range sysmon.Builds() {
		switch {
		case build.Platform != sysmon.Windows || build.Layout != b.Layout || build.Binary.Major != b.Header.Binary.Major:
		case b.Layout == sysmon.Layout101 && build.Schema.Major != b.Header.Schema.Major:
			// Schemas 3 and 4 have one binary version, and other places of fields.
		case newest == nil || newest.Binary != b.Header.Binary || build.Binary == b.Header.Binary:
			newest = build
		}
	}
	return newest
}

// proves returns an error unless a build makes the same rules of a configuration, and the same
// blob.
func proves(text []byte, rules *sysmon.Rules, build *sysmon.Build, b *blob.Blob) error {
	c, err := Parse(text)
	if err != nil {
		return fmt.Errorf("the configuration is not well-formed: %w", err)
	}
	l := c.Load(build)
	for i := range l.Problems {
		p := &l.Problems[i]
		if p.Kind == Refused || p.Kind == Crashes || p.Kind == Dropped {
			return fmt.Errorf("%sno configuration with schema %s has this: %s", placeOf(c, p.Node, rules), rules.Schema, p.Text)
		}
	}
	for i := range rules.Elements {
		if i >= len(l.Rules.Elements) || !sameElement(&rules.Elements[i], &l.Rules.Elements[i]) {
			at := rules.Elements[i].Place.Offset
			return fmt.Errorf("byte 0x%X (%d): Sysmon %s compiles no such element of event %d from a configuration", at, at, build.Name, rules.Elements[i].Event)
		}
	}
	if b.Layout != sysmon.Layout15 {
		return nil
	}
	w, err := l.write(b.Header.Binary, len(l.attempts))
	if err != nil {
		return err
	}
	if at := b.Differs(w.Bytes()); at >= 0 {
		return fmt.Errorf("byte 0x%X (%d): Sysmon %s compiles another blob from these rules", at, at, build.Name)
	}
	return nil
}

// placeOf names the record of a blob of which an element of its configuration was written, with a
// colon, or "".
func placeOf(c *Config, node int, rules *sysmon.Rules) string {
	attr := "condition" // of the elements that were written of filters
	if c.Attr(node, "onmatch") != nil {
		attr = "onmatch"
	} else if c.Attr(node, attr) == nil {
		return ""
	}
	n := -1
	for i := range node + 1 {
		if c.Attr(i, attr) != nil {
			n++
		}
	}
	if attr == "onmatch" {
		at := rules.Elements[n].Place.Offset
		return fmt.Sprintf("byte 0x%X (%d): ", at, at)
	}
	for i := range rules.Elements {
		e := &rules.Elements[i]
		if n < len(e.Filters) {
			at := e.Filters[n].Place.Offset
			return fmt.Sprintf("byte 0x%X (%d): ", at, at)
		}
		n -= len(e.Filters)
	}
	return ""
}

// sameElement compares elements without their places.
func sameElement(a, b *sysmon.Element) bool {
	return a.Event == b.Event && a.Include == b.Include && a.All == b.All &&
		slices.EqualFunc(a.Filters, b.Filters, func(x, y sysmon.Filter) bool {
			x.Place, y.Place = sysmon.Place{}, sysmon.Place{}
			return x == y
		}) &&
		slices.EqualFunc(a.Groups, b.Groups, func(x, y sysmon.Group) bool {
			x.Place, y.Place = sysmon.Place{}, sysmon.Place{}
			return x == y
		})
}
