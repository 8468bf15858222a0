package playground

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

const rule = `title: a rule
id: 6a1f2f0e-6c55-4d7a-9c61-6d2f3b0a9e11
status: test
logsource: {product: windows, category: pipe_created}
detection:
    selection:
        PipeName: '\name'
    condition: selection
`

// Each row is content, and the verdict or the problem that the page shows.
func TestJudge(t *testing.T) {
	sample, err := Sample(5)
	if err != nil {
		t.Fatal(err)
	}
	fleet, _ := builtin.Fleet("reference")
	document, err := fleet.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why  string
		q    Question
		want string
	}{
		{"a rule that every build supplies", Question{Name: "r.yml", Data: []byte(rule), Fleet: "reference", Behaviour: true}, "accepted"},
		{"a pasted rule has no name", Question{Data: []byte(rule), Fleet: "reference", Behaviour: true}, "accepted"},
		{"a fleet of one's own", Question{Data: []byte(rule), FleetJSON: document, Behaviour: true}, "accepted"},
		{"fewer checks than all accept nothing", Question{Data: []byte(rule), Fleet: "reference"}, "for the fleet reference; the content was not run in the interpreter (CF5)\n"},
		{"without a fleet nothing is accepted", Question{Data: []byte(rule), Behaviour: true}, "undecided"},
		{"a channel file", Question{Name: "x.cf", Data: sample, Fleet: "reference", Behaviour: true}, "accepted"},
		{"a damaged channel file", Question{Name: "C-00000291-00000001-00000001.cf", Data: sample[:len(sample)-1], Fleet: "reference"}, "rejected"},
		{"an unknown fleet", Question{Data: []byte(rule), Fleet: "other"}, `unknown fleet "other"`},
		{"a fleet that is not JSON", Question{Data: []byte(rule), FleetJSON: []byte("{")}, "the fleet"},
		{"nothing", Question{Data: []byte(" \n")}, "there is nothing to judge"},
		{"a text that is not a rule", Question{Data: []byte("a: [")}, "rule.yml:1:"},
		{"a configuration that is not loaded", Question{Name: "c.xml", Data: []byte("<Sysmon/>"), Fleet: "reference"}, "makes no blob: it does not load the configuration"},
		{"a configuration without rules", Question{Name: "c.xml", Data: []byte(`<Sysmon schemaversion="4.90"/>`), Fleet: "reference"}, "makes no blob: the configuration has no rules"},
		{"XML that cannot be read", Question{Name: "c.xml", Data: []byte("<Sysmon"), Fleet: "reference"}, "rejected"},
		{"a rule that cannot be expressed", Question{Data: []byte(strings.Replace(rule, `PipeName: '\name'`, `PipeName|re: '(?=x)'`, 1)), Fleet: "reference"}, "rule.yml:7:"},
	} {
		a, err := Judge(c.q)
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case len(a.Documents) != 1 || len(a.Data) != 1:
			t.Errorf("%s: %d documents for %d files, expected one", c.why, len(a.Documents), len(a.Data))
			continue
		default:
			got = a.Documents[0].Verdict.State + ": " + a.Documents[0].Verdict.Text + "\n" + strings.Join(a.Problems, "\n")
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: the answer is %q, expected %q", c.why, got, c.want)
		}
	}
}

// Every case of the corpus has an answer, and none ends the program.
func TestJudgeCorpus(t *testing.T) {
	for i, c := range corpus.Cases() {
		if i%10 != 0 {
			continue
		}
		if a, err := Judge(Question{Name: c.FileName, Data: c.Data, Fleet: "291"}); err != nil || len(a.Documents) != 1 {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	for _, c := range corpus.Sysmon() {
		name := "config.xml"
		if c.IsBlob() {
			name = "rules.bin"
		}
		if a, err := Judge(Question{Name: name, Data: c.Data, Fleet: "reference"}); err != nil || len(a.Documents) == 0 {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// A pasted configuration has two documents: its text, and the blob that Sysmon makes of it. Findings
// mark their lines.
func TestConfiguration(t *testing.T) {
	const text = "<Sysmon schemaversion=\"4.90\">\n<EventFiltering>\n<ProcessCreate onmatch=\"include\">\n<Image condition=\"is\">a</Image>\n<Imag>b</Imag>\n</ProcessCreate>\n</EventFiltering>\n</Sysmon>\n"
	a, err := Judge(Question{Name: "rule.yml", Data: []byte(text), Fleet: "reference"})
	if err != nil {
		t.Fatal(err)
	}
	d := a.Documents[0]
	if d.Name != "config.xml" || len(d.Regions.Start) != 8 || d.Regions.First[4] != 5 {
		t.Errorf("the configuration is %s with the regions %+v", d.Name, d.Regions)
	}
	marked := false
	for _, f := range d.Findings {
		marked = marked || text[f.Start:f.End] == "<Imag>b</Imag>\n"
	}
	if !marked {
		t.Errorf("no finding marks the line of the unknown field: %+v", d.Findings)
	}
	right := strings.Replace(text, "<Imag>b</Imag>", "", 1)
	if a, err = Judge(Question{Name: "rule.yml", Data: []byte(right), Fleet: "reference"}); err != nil || len(a.Documents) != 2 || a.Documents[1].Format != "Sysmon rule blob" {
		t.Errorf("expected a configuration and a blob: %d documents, %v", len(a.Documents), err)
	}
}

// Progress grows with each check, and the verdict is that without progress.
func TestProgress(t *testing.T) {
	last, steps := -1, 0
	q := Question{Data: []byte(rule), Fleet: "reference", Behaviour: true, Progress: func(step string, done, all int) {
		if step == "" || done < last || done > all {
			t.Errorf("step %q: %d of %d after %d", step, done, all, last)
		}
		last = done
		steps++
	}}
	a, err := Judge(q)
	if err != nil || a.Documents[0].Verdict.State != "accepted" || steps < 50 {
		t.Errorf("%d steps, %v", steps, err)
	}
}

func TestPage(t *testing.T) {
	var b bytes.Buffer
	if err := WritePage(&b, "// support"); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	policy := page[strings.Index(page, "default-src"):]
	policy = policy[:strings.Index(policy, `"`)]
	for _, bad := range []string{"unsafe-inline", "'unsafe-eval'", "http:", "https:", "*"} {
		if strings.Contains(policy, bad) {
			t.Errorf("the policy permits %s: %s", bad, policy)
		}
	}
	for _, part := range []string{"&#39;wasm-unsafe-eval&#39;", "connect-src &#39;self&#39;", "worker-src blob:", "form-action &#39;none&#39;", "base-uri &#39;none&#39;"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	for _, bad := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page uses %s", bad)
		}
	}
}

// The gate in the page is small because it lacks what only a command needs.
func TestImports(t *testing.T) {
	command := exec.Command("go", "list", "-deps", "github.com/cfcheck/cfcheck/cmd/playground")
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(out)) {
		if name == "net/http" || name == "crypto/tls" || strings.HasPrefix(name, "github.com/spf13/") {
			t.Errorf("the playground imports %s", name)
		}
	}
}

// A document travels as JSON; its text is that of the page of view.
func TestAnswerIsJSON(t *testing.T) {
	a, err := Judge(Question{Data: []byte(rule), Fleet: "reference"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a.Documents[0])
	if err != nil || !bytes.Contains(text, []byte(`"regions"`)) || bytes.ContainsAny(text, "<") {
		t.Errorf("the document is %.100q (%v)", text, err)
	}
	if got := filepath.Ext(a.Documents[0].Name); got != ".cf" {
		t.Errorf("the rules become %s, expected a channel file", a.Documents[0].Name)
	}
}
