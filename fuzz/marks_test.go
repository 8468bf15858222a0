package fuzz

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// TestMarks checks that each requirement of FORMAT.md, section 7, has a mark that names its
// purpose, and that the corpus confirms the marks: a file that only breaks requirements
// without the mark S does not make the model of a sensor read out of bounds.
func TestMarks(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "channelfile", "FORMAT.md"))
	if err != nil {
		t.Fatal(err)
	}
	format := string(data)
	_, section, _ := strings.Cut(format, "\n## 7 ")
	section, _, _ = strings.Cut(section, "\n## 8 ")
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|.*MUST.*$`).FindAllString(section, -1)
	marked := regexp.MustCompile(`(?m)^\| (\d+) \|.*MUST.*\| ([SIC](?: [SIC])*) \| (CF\d{4}) [a-z0-9-]+ \|$`).FindAllStringSubmatch(section, -1)
	if len(rows) != len(marked) || len(rows) < 75 {
		t.Fatalf("%d of %d requirements have a mark; want all, and at least 75", len(marked), len(rows))
	}
	safety := map[string]bool{} // checks with a requirement for safety
	uses := map[string]int{}
	for _, m := range marked {
		uses[m[2]]++
		safety[m[3]] = safety[m[3]] || strings.Contains(m[2], "S")
		if order := strings.Fields(m[2]); !slices.IsSortedFunc(order, func(a, b string) int { return strings.Index("SIC", a) - strings.Index("SIC", b) }) || len(slices.Compact(order)) != len(strings.Fields(m[2])) {
			t.Errorf("requirement %s has the marks %q; want each once, in the order S I C", m[1], m[2])
		}
	}
	for _, mark := range []string{"S", "I", "C"} {
		if uses[mark] == 0 || !strings.Contains(section, "\n- "+mark+", *") {
			t.Errorf("the mark %s is on only %d requirements, or is not explained", mark, uses[mark])
		}
	}

	files := 0
	for _, c := range corpus.Cases() {
		if len(c.Checks) == 0 || slices.ContainsFunc(c.Checks, func(id string) bool { _, of := safety[id]; return !of || safety[id] }) {
			continue
		}
		files++
		inputs := make([]sensor.InputType, channelfile.MaxInputs)
		for i := range inputs {
			inputs[i] = sensor.TypeString
		}
		if f, err := channelfile.Parse(c.Data); err == nil {
			inputs = inputs[:f.Header.InputsDeclared]
		}
		model, err := interp.NewModel(c.Data, inputs)
		for _, v := range []interp.Value{{}, interp.Text(""), interp.Text("abc\xFF"), interp.Text("5"), interp.Text("10.1.2.3")} {
			if err == nil {
				_, err = model.Run(slices.Repeat(interp.Event{v}, len(inputs)))
			}
		}
		// A file that breaks requirement 1, 2 or 4 may lack everything else. Requirement 3, 5,
		// 6 or a later one rejects it too.
		if violation, ok := errors.AsType[*interp.Violation](err); ok && !slices.Contains([]string{"CF1001", "CF1002", "CF1004"}, c.Checks[0]) {
			t.Errorf("case %s breaks no requirement marked S (%v), but a sensor that trusts it reads out of bounds: %v", c.Name, c.Checks, violation)
		}
	}
	if files < 80 {
		t.Errorf("%d cases break no requirement marked S; want at least 80", files)
	}
	t.Logf("%d cases break no requirement marked S", files)
}

// TestSensorSection checks that FORMAT.md states the duties of a sensor, and names the
// comparison that was missing in July 2024.
func TestSensorSection(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "channelfile", "FORMAT.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "\n## 14 Duties of a sensor\n")
	section, _, end := strings.Cut(section, "\n## ")
	if !ok || !end {
		t.Fatal("FORMAT.md has no section 14 on the duties of a sensor, or it is the last")
	}
	for _, want := range []string{
		"Compare *inputs read* with the number of inputs that the sensor's code **supplies**", "type and type version", "*Fewer inputs.*",
		"*A value of a wrong type*", "*Digests.*", "**Alignment.**", "before the first event", "July 2024",
	} {
		if !strings.Contains(section, want) {
			t.Errorf("section 14 does not have %q", want)
		}
	}
}
