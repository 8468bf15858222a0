package builtin

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

const typesPage = "../../docs/types.md"

// TestTypesPage tests that docs/types.md agrees with the code for every type.
func TestTypesPage(t *testing.T) {
	data, err := os.ReadFile(typesPage)
	if err != nil {
		t.Fatal(err)
	}
	const open, closing = "<!-- types -->\n", "<!-- /types -->\n"
	before, rest, ok := strings.Cut(string(data), open)
	_, after, ok2 := strings.Cut(rest, closing)
	if !ok || !ok2 {
		t.Fatalf("%s has no lines %q and %q", typesPage, open, closing)
	}
	want := before + open + typesTable() + closing + after
	if *update {
		if err := os.WriteFile(typesPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Errorf("the table of %s is not what the code says; if the code is right, run go test ./sensor/builtin -run TypesPage -update", typesPage)
	}
}

func typesTable() string {
	var b strings.Builder
	b.WriteString("| type | number | version | channel | what it sees | feeds | inputs | the list of fields is from |\n|---|---|---|---|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`)
	for d := range Definitions().All() {
		var feeds []string
		for _, f := range d.Feeds {
			log := f.Channel
			if log == "" {
				log = "trace of " + f.Provider
			}
			text := fmt.Sprintf("`%s`: %s", f.Name, cell.Replace(log))
			for i, id := range f.Events {
				text += fmt.Sprintf("%s%d", map[bool]string{true: " ", false: ", "}[i == 0], id)
			}
			feeds = append(feeds, text)
		}
		_, source, found := strings.Cut(d.Source, "; ")
		if !found {
			source = d.Source
		}
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %s | %s | %d | %s |\n",
			d.Name, d.Number, d.Version, d.Channel, cell.Replace(d.Title), strings.Join(feeds, "<br>"), len(d.Inputs), cell.Replace(source))
	}
	return b.String()
}

// TestTypesPageExample tests that the example of a user-defined type can be read, and added to the
// built-in types.
func TestTypesPageExample(t *testing.T) {
	data, err := os.ReadFile(typesPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(blocks) != 1 {
		t.Fatalf("%s has %d blocks of JSON; want 1", typesPage, len(blocks))
	}
	own, err := sensor.ReadDefinitions("types.md", []byte(blocks[0][1]))
	if err != nil {
		t.Fatal(err)
	}
	all := Definitions()
	for d := range own.All() {
		if err := all.Add(d); err != nil {
			t.Error(err)
		}
		if got := all.TypeOf(d.Logsources[0]); got != d.Name || d.Number < 10_000 || d.Channel < 10_000 {
			t.Errorf("type %s has number %d and channel %d, and its logsource is that of %q; want 10,000 up, and itself", d.Name, d.Number, d.Channel, got)
		}
	}
}
