package lsp

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
)

// A jsonDocument is a place in a fleet, or in another document whose schema is published.
type jsonDocument struct {
	*jsonPlace
	root *schema // nil if the document does not state a known schema
	more *schema // what the version of the document does not allow; nil if there is no such part
	keys []string
}

// jsonDocumentAt returns the place of an offset, and the schema that the text states.
func jsonDocumentAt(text string, offset int) *jsonDocument {
	d := &jsonDocument{jsonPlace: jsonPlaceOf(text, offset)}
	if top := slices.IndexFunc(d.values, func(v jsonValue) bool { return v.parent < 0 && v.kind == '{' }); top >= 0 {
		name := d.member(top, "schema")
		if d.root = schemaNamed(name); d.root != nil && d.root.If != nil && slices.Contains(d.root.If.names(), name) {
			d.more = d.root.Then
		}
	}
	d.keys = d.inside()
	return d
}

// path returns the keys of the value at the cursor, the outermost first.
func (d *jsonDocument) path() []string {
	if d.at >= 0 && d.values[d.at].key != "" {
		return append(slices.Clone(d.keys), d.values[d.at].key)
	}
	return d.keys
}

// forbids reports whether the version of the document does not have a key at the cursor.
func (d *jsonDocument) forbids(key string) bool {
	more := d.more.at(d.keys)
	return more != nil && more.Properties[key] != nil && more.Properties[key].never
}

// schemaAt returns the schema of a value below keys, or nil. That of the version counts more, if it
// lists values.
func (d *jsonDocument) schemaAt(keys []string) *schema {
	if more := d.more.at(keys); more != nil && len(more.words()) > 0 {
		return more
	}
	return d.root.at(keys)
}

// fleet reports whether the document is a fleet.
func (d *jsonDocument) fleet() bool { return d.root != nil && d.root == schemas()["fleet.json"] }

// jsonWords returns the words for a place in a document of JSON. Each replaces the key or the value
// under the cursor.
func (k *knowledge) jsonWords(d *jsonDocument) (list []completionItem) {
	path := d.path()
	if d.root == nil {
		if !d.inKey && slices.Equal(path, []string{"schema"}) {
			for _, root := range schemas() {
				for _, name := range root.names() {
					list = append(list, completionItem{Label: name, Kind: kindEnumMember, Detail: root.Title})
				}
			}
			slices.SortFunc(list, func(a, b completionItem) int { return strings.Compare(a.Label, b.Label) })
		}
		return quoted(list)
	}
	if d.inKey {
		of := d.root.at(d.keys)
		if of == nil {
			return nil
		}
		present := map[string]bool{}
		for _, i := range d.members(d.in) {
			present[d.values[i].key] = i != d.at
		}
		for name, below := range of.Properties {
			if below.never || present[name] || d.forbids(name) {
				continue
			}
			item := completionItem{Label: name, Kind: kindProperty, SortText: "1" + name, Documentation: &markup{"markdown", of.describe(name, below.resolved())}}
			if slices.Contains(of.Required, name) {
				item.Detail, item.SortText = "required", "0"+name
			}
			list = append(list, item)
		}
		list = quoted(list)
		if !d.colon {
			for i := range list {
				list[i].TextEdit.NewText += ": "
			}
		}
		return list
	}
	if d.fleet() {
		list = quoted(k.fleetWords(d, strings.Join(path, ".")))
	}
	if of := d.schemaAt(path); of != nil {
		for _, word := range of.words() {
			text := strings.Trim(word, `"`)
			if !slices.ContainsFunc(list, func(c completionItem) bool { return c.Label == text }) {
				list = append(list, completionItem{Label: text, Kind: kindEnumMember, FilterText: word, TextEdit: &textEdit{NewText: word}})
			}
		}
	}
	return list
}

// quoted makes each word a string of JSON, unless it is a number.
func quoted(list []completionItem) []completionItem {
	for i := range list {
		text := list[i].Label
		if list[i].Kind != kindValue {
			text = strconv.Quote(text)
		}
		list[i].FilterText, list[i].TextEdit = text, &textEdit{NewText: text}
	}
	return list
}

// sysmonName is the name of Sysmon among the sensors of a build.
const sysmonName = "sysmon"

// fleetWords returns the names that exist for a value of a fleet: types, versions, feeds, inputs,
// sources of the build, builds of the fleets, and fields of Sysmon. path has the keys of the value.
func (k *knowledge) fleetWords(d *jsonDocument, path string) (list []completionItem) {
	add := func(kind int, text, detail string) {
		if text != "" && !slices.ContainsFunc(list, func(c completionItem) bool { return c.Label == text }) {
			list = append(list, completionItem{Label: text, Kind: kind, Detail: detail})
		}
	}
	build, owner := d.enclosing(1), d.in // the build, and the object or list around the cursor
	if owner >= 0 && d.values[owner].kind == '[' {
		owner = d.values[owner].parent
	}
	if strings.HasSuffix(path, ".source") && build >= 0 {
		for _, name := range d.textsBelow(build, "sources", "name") {
			add(kindEnumMember, name, "source of the build")
		}
		return list
	}
	switch path {
	case "builds.build":
		present := d.textsBelow(d.enclosing(0), "builds", "build")
		for _, f := range k.fleets {
			for i := range f.Contracts {
				if c := &f.Contracts[i]; !slices.Contains(present, c.Build) {
					add(kindEnumMember, c.Build, "build of fleet "+f.Name)
				}
			}
		}
	case "builds.supply.type", "builds.declares.type", "builds.lacks.type":
		for _, t := range k.sortedTypes() {
			add(kindEnumMember, t.Name, k.typeDetail(t))
		}
		for _, name := range d.textsBelow(build, "declares", "type") {
			add(kindEnumMember, name, "declared by the build")
		}
	case "builds.supply.version", "builds.declares.version", "builds.lacks.versions":
		name := d.member(owner, "type")
		for t := range k.defs.All() {
			if t.Name == name {
				add(kindValue, fmt.Sprint(t.Version), t.Title)
			}
		}
	case "builds.supply.feed", "builds.declares.feeds":
		if t := k.suppliedType(d, owner); t != nil {
			for i := range t.Feeds {
				f := &t.Feeds[i]
				add(kindEnumMember, f.Name, cmp.Or(f.Channel, f.Provider))
			}
		}
		for _, i := range d.members(build) {
			if d.values[i].key != "declares" {
				continue
			}
			for _, declared := range d.members(i) {
				if d.member(declared, "type") != d.member(owner, "type") {
					continue
				}
				for _, feeds := range d.members(declared) {
					for _, feed := range d.members(feeds) {
						if d.values[feeds].key == "feeds" && feed != d.at {
							add(kindEnumMember, d.values[feed].text, "declared by the build")
						}
					}
				}
			}
		}
	case "builds.supply.inputs.name":
		supply := d.enclosing(2)
		t := k.suppliedType(d, supply)
		if t == nil {
			return nil
		}
		listed := d.textsBelow(supply, "inputs", "name")
		feed := t.Feed(d.member(supply, "feed"))
		for i := range t.Inputs {
			in := &t.Inputs[i]
			if slices.Contains(listed, in.Name) {
				continue
			}
			detail := in.Type.String()
			if feed != nil && feed.Field(in.Name) == nil {
				detail += ", which the feed does not have"
			}
			add(kindField, in.Name, detail)
		}
	case "builds.supply.inputs.type":
		if t := k.suppliedType(d, d.enclosing(2)); t != nil {
			if i, ok := t.Input(d.member(owner, "name")); ok {
				add(kindEnumMember, t.Inputs[i].Type.String(), "type of the input")
			}
		}
	case "builds.sensors.name":
		add(kindEnumMember, sysmonName, "")
		for _, f := range k.fleets {
			for i := range f.Contracts {
				for _, s := range f.Contracts[i].Sensors {
					add(kindEnumMember, s.Name, "")
				}
			}
		}
	case "builds.sensors.version":
		if d.member(owner, "name") == sysmonName {
			for _, b := range slices.Backward(sysmon.Builds()) {
				add(kindEnumMember, b.Name, "schema "+b.Schema.String())
			}
		}
	case "builds.supply.filters.elements.event":
		for _, event := range newestSysmon().Events {
			if event.Tag != "" {
				add(kindValue, fmt.Sprint(event.ID), event.Tag)
			}
		}
	case "builds.supply.filters.elements.filters.field":
		id, _ := strconv.ParseUint(d.member(d.enclosing(4), "event"), 10, 32)
		if event := newestSysmon().Event(uint32(id)); event != nil {
			for _, field := range event.Fields {
				add(kindField, field, event.Tag)
			}
		}
	}
	return list
}

// suppliedType returns the definition of the type and version that an object names, or the newest
// one of the type, or nil.
func (k *knowledge) suppliedType(d *jsonDocument, of int) *sensor.Definition {
	if of < 0 {
		return nil
	}
	name := d.member(of, "type")
	if version, err := strconv.ParseUint(d.member(of, "version"), 10, 32); err == nil {
		if t := k.defs.ByName(name, uint32(version)); t != nil {
			return t
		}
	}
	return k.defs.Newest(name)
}

// explainJSON explains the key or the value at a place, or returns "".
func (k *knowledge) explainJSON(d *jsonDocument) string {
	if d.root == nil || d.at < 0 {
		return ""
	}
	path := d.path()
	if !d.inKey && d.fleet() {
		if text := k.explainFleet(d, strings.Join(path, "."), d.values[d.at].text); text != "" {
			return text
		}
	}
	if len(path) == 0 {
		return ""
	}
	key := path[len(path)-1]
	if of := d.root.at(path); of != nil {
		return d.root.at(path[:len(path)-1]).describe(key, of)
	}
	return ""
}

// explainFleet explains a value of a fleet, or returns "".
func (k *knowledge) explainFleet(d *jsonDocument, path, text string) string {
	switch path {
	case "builds.build":
		return k.describeBuild(text)
	case "builds.supply.type", "builds.declares.type", "builds.lacks.type":
		if t := k.types[text]; t != nil {
			return k.describeTypeAs(t, text)
		}
	case "builds.supply.feed":
		if t := k.suppliedType(d, d.in); t != nil {
			if f := t.Feed(text); f != nil {
				return describeFeed(t, f)
			}
		}
	case "builds.supply.inputs.name":
		if of := k.suppliedType(d, d.enclosing(2)); of != nil {
			if t := k.types[of.Name]; t != nil {
				if i, ok := t.Input(text); ok {
					return k.describeInput(t, i)
				}
			}
		}
	}
	return ""
}

// describeBuild explains a build of the fleets in Markdown, or returns "". The fleets are those of
// the last judgement, so a build that was not saved is unknown.
func (k *knowledge) describeBuild(name string) string {
	for _, f := range k.fleets {
		i := slices.IndexFunc(f.Contracts, func(c sensor.Contract) bool { return c.Build == name })
		if i < 0 {
			continue
		}
		c := &f.Contracts[i]
		var b strings.Builder
		fmt.Fprintf(&b, "**%s**: %s of hosts of fleet %s\n\n", plain(name), k.share(c.Hosts), plain(f.Name))
		if c.Note != "" {
			fmt.Fprintf(&b, "%s\n\n", plain(c.Note))
		}
		var rows []string
		for i := range c.Supplies {
			s := &c.Supplies[i]
			rows = append(rows, fmt.Sprintf("| %s | %s | %d | %s |", plain(s.Type), plain(s.Feed), len(s.Inputs), s.Evidence))
		}
		table(&b, "| type | feed | inputs | evidence |\n|---|---|---:|---|", rows)
		return b.String()
	}
	return ""
}

// describeFeed explains a feed of a type in Markdown.
func describeFeed(t *sensor.Definition, f *sensor.Feed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: feed of type %s version %d\n\n", plain(f.Name), plain(t.Name), t.Version)
	if f.Source != "" {
		fmt.Fprintf(&b, "source: %s\n\n", plain(f.Source))
	}
	var rows []string
	for i := range f.Fields {
		field := &f.Fields[i]
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", plain(field.Input), plain(cmp.Or(field.Field, field.Input)), plain(field.Since)))
	}
	table(&b, "| input | field | since |\n|---|---|---|", rows)
	return b.String()
}
