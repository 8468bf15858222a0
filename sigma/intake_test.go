package sigma

import (
	"errors"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestIDs tests the IDs of rules without an id.
func TestIDs(t *testing.T) {
	noID := func(title string) string {
		return "title: " + title + "\nlogsource: {category: pipe_created, product: windows}\ndetection: {s: {PipeName: x}, condition: s}\n"
	}
	parse := func(name, path, text string) []*Rule {
		rules, err := Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			r.Path = path
		}
		return rules
	}
	// uuid.uuid5(uuid.UUID("661140ae-bbe2-5d91-a412-5f6617cf2e3c"), "windows/a.yml") in
	// Python, and with "#2" at the end.
	const first, second = "0b244484-d3bc-5e78-ac11-7072279a003f", "29961476-bfc7-5f9a-b1db-da996641d3c7"
	two := parse("x/windows/a.yml", "windows/a.yml", noID("A")+"---\n"+noID("B"))
	same := append(parse("x/a.yml", "a.yml", noID("A")), parse("y/a.yml", "a.yml", noID("A"))...)
	numbers := parse("n.yml", "n.yml", "id: 200014\n"+noID("A")+"---\nid: 200014\n"+noID("B")+"---\nid: 00000000-0000-0000-0000-000000000000\n"+noID("C"))
	written := append(parse("b.yml", "b.yml", withID(first, sound)), two[0])
	for _, tt := range []struct {
		name  string
		rules []*Rule
		ids   IDs
		want  []string
		err   string
	}{
		{"required", two, IDsWritten, nil, "x/windows/a.yml:1:1: rule has no id, by which a channel file names each rule; give"},
		{"numbers where UUIDs are required", numbers[:1], IDsWritten, nil, `n.yml:1:5: id: id "200014" is not a UUID, by which a channel file names each rule; give it a random UUID`},
		{"numbers, which count as missing", numbers, IDsOfPaths, []string{derivedID("n.yml", 0).String(), derivedID("n.yml", 1).String(), derivedID("n.yml", 2).String()}, ""},
		{"of paths", two, IDsOfPaths, []string{first, second}, ""},
		{"of paths, in another order", []*Rule{two[1], two[0]}, IDsOfPaths, []string{first, second}, ""},
		{"of names, where the paths differ", two, IDsOfNames, []string{first, second}, ""},
		{"the same path twice", same, IDsOfPaths, []string{derivedID("a.yml", 0).String()},
			`y/a.yml:1:1: rule has no id, and the id derived from its path "a.yml" is also that of the rule at x/a.yml:1:1; give one of them an id, or build the folder that has both`},
		{"the same path twice, of names", same, IDsOfNames, []string{derivedID("a.yml", 0).String(), derivedID("y/a.yml", 0).String()}, ""},
		{"an id that is written and derived", written, IDsOfPaths, []string{first},
			`x/windows/a.yml:1:1: rule has no id, and the id derived from its path "windows/a.yml" is also that of the rule at b.yml:1:1; give`},
	} {
		res, err := Build(tt.rules, builtin.Definitions(), Options{IDs: tt.ids})
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.err)) {
			t.Errorf("%s: error %v; want %s", tt.name, err, tt.err)
		}
		ids := map[string]bool{}
		if len(res.Outputs) > 0 {
			f, err := channelfile.Parse(res.Outputs[0].Data)
			if err != nil {
				t.Fatal(err)
			}
			for i := range f.Instances() {
				id := f.Instance(i).ID
				ids[id.String()] = true
				if _, at, ok := res.Locate(id, 0, ""); !ok || at.Line == 0 {
					t.Errorf("%s: rule %v has no place", tt.name, id)
				}
			}
		}
		for _, id := range tt.want {
			if !ids[id] {
				t.Errorf("%s: no rule has id %s: %v", tt.name, id, ids)
			}
		}
		if len(ids) != len(tt.want) {
			t.Errorf("%s: ids %v; want %v", tt.name, ids, tt.want)
		}
	}
	if id := two[1].PathID(); id[6]>>4 != 5 || id[8]>>6 != 2 {
		t.Errorf("%v is not a UUID of version 5", id)
	}
}

// TestServiceBesideCategory tests the template type of logsources with both.
func TestServiceBesideCategory(t *testing.T) {
	defs := builtin.Definitions()
	for _, tt := range []struct {
		category, product, service, typ, note, err string
	}{
		{"pipe_created", "windows", "sysmon", "ipc", "", ""},
		{"registry_set", "windows", "sysmon", "registry_set", "", ""},
		{"ps_script", "windows", "powershell", "ps_script", "", ""},
		{"process_creation", "windows", "sysmon", "process_creation", "the category decides: the rule is for all events of type process_creation, also for those of feeds security-4688", ""},
		{"process_creation", "windows", "security", "process_creation", "which are not from service security", ""},
		{"pipe_created", "windows", "powershell", "", "", "not supported: no template type is for rules of category pipe_created, product windows, service powershell"},
		{"pipe_created", "windows", "sysmn", "", "", `service "sysmn" is not in Sigma's taxonomy; did you mean "sysmon"?`},
		{"pipe_created", "windows", "nothing-like-it", "", "", "not supported: no template type is for rules of category pipe_created, product windows, service nothing-like-it"},
		{"pipe_created", "linux", "sysmon", "", "", "not supported: no template type"},
		{"pipe_created", "", "sysmon", "", "", "not supported: no template type"},
	} {
		text := ruleOf(strings.Replace(sound, "PipeName: x", "ProcessId: 4", 1))
		text = strings.Replace(text, "    s:\n        ProcessId: 4\n        Image|endswith: y\n", "    s: {UtcTime: x}\n", 1)
		l := "logsource: {category: " + tt.category
		if tt.product != "" {
			l += ", product: " + tt.product
		}
		l += ", service: " + tt.service + "}\n"
		i, k := strings.Index(text, "logsource:"), strings.Index(text, "detection:")
		text = text[:i] + l + text[k:]
		if tt.category == "ps_script" {
			text = strings.Replace(text, "UtcTime", "ScriptBlockText", 1)
		}
		res, err := Build(mustParse(t, text), defs, Options{})
		what := tt.category + " " + tt.service
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v; want %s", what, err, tt.err)
			}
			continue
		}
		if err != nil || len(res.Outputs) != 1 || res.Outputs[0].Definition.Name != tt.typ {
			t.Errorf("%s: %v; want type %s", what, err, tt.typ)
			continue
		}
		note := ""
		for _, n := range res.Notes {
			note += n.Message
		}
		if (note == "") != (tt.note == "") || !strings.Contains(note, tt.note) {
			t.Errorf("%s: note %q; want %q", what, note, tt.note)
		}
	}
}

// TestRawNames tests the advice for fields under the names that events have.
func TestRawNames(t *testing.T) {
	defs := builtin.Definitions()
	for _, tt := range []struct{ typ, category, field, nearest, feed, says string }{
		{"process_creation", "process_creation", "NewProcessName", "Image", "security-4688",
			`did you mean "Image"? It is "NewProcessName" in the events of feed security-4688`},
		{"process_creation", "process_creation", "newprocessname", "Image", "security-4688", `did you mean "Image"?`},
		{"process_creation", "process_creation", "NewProcesName", "Image", "security-4688", `did you mean "Image"? It is "NewProcessName"`},
		{"process_creation", "process_creation", "ParentProcessName", "ParentImage", "security-4688", `did you mean "ParentImage"?`},
		{"process_creation", "process_creation", "ComandLine", "CommandLine", "", `did you mean "CommandLine"?`},
		{"process_creation", "process_creation", "Elephant", "", "", "it has "},
		{"ipc", "pipe_created", "NewProcessName", "", "", "it has "},
	} {
		text := "title: x\nid: " + idA + "\nlogsource: {category: " + tt.category + ", product: windows}\ndetection: {s: {" + tt.field + ": x}, condition: s}\n"
		_, err := Build(mustParse(t, text), defs, Options{})
		var unknown *UnknownFieldError
		if !errors.As(err, &unknown) {
			t.Errorf("%s: error %v", tt.field, err)
			continue
		}
		if unknown.Nearest != tt.nearest || unknown.Feed != tt.feed || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v; want %q of feed %q: %s", tt.field, err, tt.nearest, tt.feed, tt.says)
		}
	}
}

// TestSkip checks that Load does not look at files and folders that Skip names.
func TestSkip(t *testing.T) {
	root := write(t, map[string]string{"a.yml": "title: [", "b.yml": "x: 1", "c/a.yml": "title: [", "c/d/b.yml": "x: 1", "e/a.yml": "x: 1"})
	var asked []string
	l := NewLoader(nil)
	l.Skip = func(path string) bool {
		asked = append(asked, path)
		return path == "a.yml" || path == "c/d" || path == "e"
	}
	files, err := l.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	if have := strings.Join(paths, " "); have != "b.yml c/a.yml" {
		t.Errorf("files %s; want b.yml c/a.yml", have)
	}
	if have := strings.Join(asked, " "); have != "a.yml b.yml c c/a.yml c/d e" {
		t.Errorf("Skip was asked for %s", have)
	}
}
