package fix

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/yamltext"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
)

// A Kind is a kind of edit.
type Kind string

// The kinds. A kind can have safe edits and others: a misspelt key may have an effect or not.
const (
	Key            Kind = "key"             // a misspelt key of a rule
	Logsource      Kind = "logsource"       // a misspelt key or value of a logsource
	Modifier       Kind = "modifier"        // a misspelt modifier
	Status         Kind = "status"          // a misspelt status, level or taxonomy
	Tag            Kind = "tag"             // a misspelt tag
	Related        Kind = "related"         // a misspelt type of a related rule
	FieldCase      Kind = "field-case"      // a field in another case than its type has
	RawField       Kind = "raw-field"       // a field by its name in the events of a feed
	Field          Kind = "field"           // a misspelt field
	DuplicateTag   Kind = "duplicate-tag"   // a tag that stands twice
	DuplicateValue Kind = "duplicate-value" // a value that stands twice in a list
	EscapedStar    Kind = "escaped-star"    // a star in a path, with one backslash before it
	Quotes         Kind = "quotes"          // a text that YAML 1.1 takes for another type
	PathQuotes     Kind = "path-quotes"     // a path in double quotes with a tab
)

// Kinds lists all kinds.
var Kinds = []Kind{Key, Logsource, Modifier, Status, Tag, Related, FieldCase, RawField, Field,
	DuplicateTag, DuplicateValue, EscapedStar, Quotes, PathQuotes}

// An Edit replaces bytes of a file.
type Edit struct {
	Offset, Length int    // in bytes of the file, with its byte order mark
	New            string // the text that replaces the bytes
	Title          string // for people, such as: write "experimental"
	Kind           Kind
	Check          string // ID of the check that reports the fault; "" means that it is a remark
	Safe           bool   // the edit does not change the content that a sensor reads

	// Name and Position are the file and the place of the finding. The edit may begin elsewhere.
	Name string
	sigma.Position
}

// Options are the options of [File] and [Compare].
type Options struct {
	Definitions  *sensor.Definitions
	Placeholders sigma.Placeholders
	Budget       *sigma.Budget // nil means a default budget for each call
}

// File returns the edits for a file of rules, in the order of their offsets. No two of them
// overlap. A file that is not YAML has no edits, and neither has a rule collection. The name is
// that of the file for messages. The time and the memory are those of compiling the file.
func File(name string, data []byte, o Options) []Edit {
	src, fault := yamltext.New(data, yamltext.Limits{Size: sigma.MaxFileSize, Marks: sigma.MaxFlowMarks, Depth: sigma.MaxNesting})
	if fault != nil {
		return nil
	}
	f := &finder{name: name, src: src, mark: len(data) - len(src.Data)}
	rules, err := sigma.Parse(name, data)
	for _, err := range sigma.Errors(err) {
		f.error(err)
	}
	for _, r := range rules {
		if r.Kind == sigma.Collection {
			return nil
		}
		for _, n := range r.Warnings {
			f.correct(n.Correction, n.Position, "CF0014", true)
		}
		for _, n := range r.Notes {
			f.correct(n.Correction, n.Position, "", true)
		}
	}
	if len(rules) > 0 {
		built, _ := sigma.Build(rules, o.Definitions, sigma.Options{
			AllowUnsupported: true, Placeholders: o.Placeholders, Budget: o.Budget, IDs: sigma.IDsOfNames,
		})
		for _, e := range built.Malformed {
			f.error(e)
		}
		for _, e := range built.UnknownFields {
			f.error(e)
		}
		of := map[*sigma.Rule]*sensor.Definition{}
		for _, out := range built.Outputs {
			for _, r := range out.Rules {
				of[r] = out.Definition
			}
		}
		for _, r := range rules {
			if of[r] == nil { // the rule does not compile
				of[r] = o.Definitions.Newest(o.Definitions.TypeOf(r.Logsource.Sensor()))
			}
			if of[r] != nil {
				f.rule(r, of[r])
			}
		}
	}
	f.documents()
	return f.result()
}

// A finder collects the edits for a file.
type finder struct {
	name  string
	src   *yamltext.Source
	mark  int // length of the byte order mark
	edits []Edit
}

// result returns the edits in order, without those that overlap an earlier one.
func (f *finder) result() []Edit {
	slices.SortStableFunc(f.edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Length, b.Length))
	})
	kept := f.edits[:0]
	end := 0
	for _, e := range f.edits {
		if e.Offset < end {
			continue
		}
		end = e.Offset + max(e.Length, 1)
		e.Offset += f.mark
		kept = append(kept, e)
	}
	return kept
}

// add adds an edit for a finding at a position. The offset does not count a byte order mark.
func (f *finder) add(at sigma.Position, offset, length int, text, title string, kind Kind, check string, safe bool) {
	f.edits = append(f.edits, Edit{offset, length, text, title, kind, check, safe, f.name, at})
}

// error adds the edit that corrects an error of the compiler.
func (f *finder) error(err error) {
	switch e := err.(type) {
	case *sigma.Error:
		f.correct(e.Correction, e.Position, "CF0007", false)
	case *sigma.UnknownFieldError:
		switch {
		case e.Nearest == "":
		case e.Feed != "" && strings.EqualFold(e.Raw, e.Field):
			f.word(e.Position, e.Field, e.Nearest, RawField, "CF2005", false)
		default:
			f.word(e.Position, e.Field, e.Nearest, Field, "CF2005", false)
		}
	}
}

// kinds has the kind of each correction of the compiler.
var kinds = [...]Kind{
	sigma.CorrectsKey: Key, sigma.CorrectsLogsource: Logsource, sigma.CorrectsModifier: Modifier, sigma.CorrectsStatus: Status,
	sigma.CorrectsTag: Tag, sigma.CorrectsRelated: Related, sigma.CorrectsCase: FieldCase,
}

func (f *finder) correct(c sigma.Correction, at sigma.Position, check string, safe bool) {
	if c.Kind != sigma.NoCorrection {
		f.word(at, c.Old, c.New, kinds[c.Kind], check, safe)
	}
}

// word adds an edit that replaces a word at a position, or after a quote there. It adds nothing
// if the file does not have the word so, for example because it has an escape.
func (f *finder) word(at sigma.Position, old, word string, kind Kind, check string, safe bool) {
	start := f.src.Index(yamltext.Position(at))
	offset, ok := f.src.Written(start, old)
	if !ok || !bare(word) {
		return
	}
	f.add(at, offset, len(old), word, "write "+word, kind, check, safe)
}

// bare reports whether a word means the same in any style of YAML. All words of Sigma and all
// names of fields are so.
func bare(word string) bool {
	return word != "" && strings.IndexFunc(word, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-' || r == '.')
	}) < 0
}

// rule adds the edits for the fields and the values of a rule.
func (f *finder) rule(r *sigma.Rule, d *sensor.Definition) {
	for _, s := range r.Detection.Searches {
		for _, a := range s.Alternatives {
			for _, it := range a.Items {
				f.item(it, a.Items, d)
			}
		}
	}
}

// item adds the edits for a comparison. all are those of its map, which has each key once.
func (f *finder) item(it *sigma.Item, all []*sigma.Item, d *sensor.Definition) {
	input, ok := d.InputFold(it.Field)
	if !ok {
		return
	}
	if name := d.Inputs[input].Name; name != it.Field {
		_, exact := d.Input(it.Field)
		key := name + strings.TrimPrefix(it.Key, it.Field)
		if !exact && !slices.ContainsFunc(all, func(o *sigma.Item) bool { return o.Key == key }) {
			f.word(it.Position, it.Field, name, FieldCase, "", true)
		}
	}
	f.paths(it, d.Inputs[input].Name)
}

// Apply returns the text of a file with edits, which are in the order of their offsets and do not
// overlap. It returns an error if they do not fit the text.
func Apply(data []byte, edits []Edit) ([]byte, error) {
	var b bytes.Buffer
	end := 0
	for i := range edits {
		e := &edits[i]
		if e.Offset < end || e.Length < 0 || e.Length > len(data)-e.Offset {
			return nil, fmt.Errorf("an edit of %d bytes at offset %d does not fit the file of %d bytes", e.Length, e.Offset, len(data))
		}
		b.Write(data[end:e.Offset])
		b.WriteString(e.New)
		end = e.Offset + e.Length
	}
	b.Write(data[end:])
	return b.Bytes(), nil
}

// documents adds the edits for the text of each document.
func (f *finder) documents() {
	loader, err := f.src.Loader()
	if err != nil {
		return
	}
	for range sigma.MaxDocuments {
		var doc yaml.Node
		if err := loader.Load(&doc); err == io.EOF || err != nil {
			return
		}
		if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
			continue
		}
		f.document(doc.Content[0])
	}
}
