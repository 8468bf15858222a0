package view

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// build returns a channel file with rules that compare an image with a text and have a title.
func build(t *testing.T, title string, texts ...string) []byte {
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 21})
	for i, s := range texts {
		id := channelfile.ID{15: byte(i + 1)}
		origin := &channelfile.Origin{Rule: title, Title: title, Author: title, Licence: title, Path: title, Line: 1}
		if err := b.Add(id, channelfile.Or(channelfile.Contains(6, s), channelfile.Regexp(5, regexp.QuoteMeta(s)).From(2, s)), origin); err != nil {
			t.Fatal(err)
		}
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func judged(name string, data []byte) File {
	fleet, _ := builtin.Fleet("reference")
	r := validate.Run(validate.ChannelFile(name, data), validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet})
	return File{Name: name, Data: data, Reports: []*validate.Report{r}}
}

// A text of a file never ends the script element that holds it, or becomes markup.
func TestPageHoldsHostileTexts(t *testing.T) {
	const hostile = `</script><script>alert(1)</script><!--<script>`
	defs := builtin.Definitions()
	files := []File{judged("<script>alert(2)<!--.cf", build(t, hostile, hostile)), judged("b.cf", build(t, "b", "b"))}
	var b, again bytes.Buffer
	if err := Write(&b, files, defs); err != nil {
		t.Fatal(err)
	}
	if err := Write(&again, files, defs); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("the same files gave two pages")
	}
	page := b.String()
	if n := strings.Count(page, "<script"); n != 5 {
		t.Errorf("the page has %d script elements, expected 5", n)
	}
	for _, bad := range []string{"alert(1)", "<!--", "alert(2)<"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(page, `"\u003cscript\u003ealert(2)\u003c!--.cf"`) {
		t.Error("the name of the file is not on the page")
	}
}

// The document says what a file breaks, in the words of FORMAT.md.
func TestDocument(t *testing.T) {
	data := build(t, "title", "one")
	data[len(data)-1] ^= 1 // padding or the text pool
	text, err := DocumentOf(judged("x.cf", data), builtin.Definitions()).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if d.Verdict == nil || d.Verdict.State != "rejected" {
		t.Errorf("the verdict is %v, expected rejected", d.Verdict)
	}
	found := false
	for _, f := range d.Findings {
		if len(f.Requirements) > 0 && (f.Check == "CF1031" || f.Check == "CF1033") {
			found = true
		}
	}
	if !found {
		t.Errorf("no finding names the requirement on digests or padding: %+v", d.Findings)
	}
	if d.Needs == nil || len(d.Needs.Inputs) != 2 || d.Needs.Inputs[0].Name == "" {
		t.Errorf("the needs are %+v, expected two inputs with names", d.Needs)
	}
}

func TestCompare(t *testing.T) {
	defs := builtin.Definitions()
	a, b := build(t, "t", "one", "two", "three"), build(t, "t", "one", "TWO")
	d := DocumentOf(File{Name: "a.cf", Data: a}, defs)
	Compare(d, a, b, defs)
	if d.Diff == nil || len(d.Diff.Rules) != 2 || d.Diff.Rules[0].Status != "changed" || d.Diff.Rules[1].Status != "removed" {
		t.Errorf("the difference is %+v, expected a changed and a removed rule", d.Diff)
	}
	other := DocumentOf(File{Name: "a.cf", Data: a}, defs)
	if Compare(other, a, b[:100], defs); other.Diff != nil {
		t.Errorf("a file that cannot be read has the difference %+v", other.Diff)
	}
}
