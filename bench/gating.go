package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
)

// A gate is a program that judges a file of rules.
type gate struct {
	name, command string
	pkg           string // of Debian
	file          string // name
	write         func(w io.Writer, r *rules)
	args          func(file string) []string
	prints        string // format of its message that it has read all rules; may be empty
}

var gates = []gate{
	{
		name: "yarac", command: "yarac", pkg: "yara", file: "rules.yar", write: writeYARA,
		args: func(file string) []string { return []string{"-w", file, file + ".compiled"} },
	},
	{
		name: "promtool check rules", command: "promtool", pkg: "prometheus", file: "rules.yml", write: writePrometheus,
		args: func(file string) []string { return []string{"check", "rules", file} }, prints: "%d rules found",
	},
	{
		name: "clamscan of an empty file", command: "clamscan", pkg: "clamav", file: "rules.ldb", write: writeClamAV,
		args: func(file string) []string { return []string{"-d", file, filepath.Join(filepath.Dir(file), emptyFile)} }, prints: "Known viruses: %d\n",
	},
}

const emptyFile = "empty"

// judging compares whole processes that judge the same rules: cfcheck check, with a fleet and all
// checks, and the gates of other formats.
func (o options) judging() (out results, err error) {
	const rounds, total = 3, time.Minute // after this time, no further round begins
	check, err := prepareCheck(o.dir, o.instances)
	if err != nil {
		return out, err
	}
	f, err := channelfile.Parse(workload.File(o.instances, 1))
	if err != nil {
		return out, err
	}
	r, err := rulesOf(f)
	if err != nil {
		return out, err
	}
	type entry struct {
		gate
		argv  []string
		times []float64
	}
	list := []*entry{{gate: gate{name: "cfcheck check"}, argv: check}}
	for _, g := range gates {
		if _, err := exec.LookPath(g.command); err != nil {
			out.missing = append(out.missing, fmt.Sprintf("%s was not measured: it needs the package %s: %v", g.name, g.pkg, err))
			continue
		}
		file := filepath.Join(o.dir, g.file)
		if err := writeFile(file, func(w io.Writer) { g.write(w, r) }); err != nil {
			return out, err
		}
		out.versions = append(out.versions, g.command+" "+debianVersion(g.pkg))
		list = append(list, &entry{gate: g, argv: append([]string{g.command}, g.args(file)...)})
	}
	start := time.Now()
	for round := 0; round < rounds && (round == 0 || time.Since(start) < total); round++ {
		for _, e := range list {
			fmt.Fprintf(o.log, "judging %d rules, round %d of %d: %s\n", o.instances, round+1, rounds, e.name)
			cmd := exec.Command(e.argv[0], e.argv[1:]...)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
			said, err := cmd.CombinedOutput()
			if err != nil {
				return out, fmt.Errorf("%s: %w\n%.1000s", e.name, err, said)
			}
			if want := fmt.Sprintf(e.prints, o.instances); e.prints != "" && !strings.Contains(string(said), want) {
				return out, fmt.Errorf("%s: expected that it says %q; found\n%.1000s", e.name, want, said)
			}
			e.times = append(e.times, float64(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()))
		}
	}
	for _, e := range list[1:] {
		out.rows = append(out.rows, row{work: fmt.Sprintf("judging %d rules, whole process", o.instances), peer: e.name, theirs: median(e.times), ours: median(list[0].times)})
	}
	return out, nil
}

// prepareCheck builds cfcheck, and writes a channel file, a fleet and definitions. It returns the
// command line that judges the file.
func prepareCheck(dir string, instances int) ([]string, error) {
	f, err := workload.WriteFiles(dir, instances)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, emptyFile), nil, 0o600); err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "cfcheck")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", program, "./cmd/cfcheck").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	now := time.Unix(int64(workload.Header.Created), 0).UTC().Format(time.RFC3339)
	return append([]string{program}, f.Check("--now", now, f.Content)...), nil
}

func writeFile(name string, write func(w io.Writer)) error {
	var b strings.Builder
	write(&b)
	return os.WriteFile(name, []byte(b.String()), 0o600)
}

// join returns a condition with the given operators. The leaf writes a criterion, and its negation.
func join(n node, and, or string, leaf func(criterion int, negated bool) string) string {
	if n.criterion >= 0 {
		return leaf(n.criterion, n.negated)
	}
	var parts []string
	for _, child := range n.children {
		parts = append(parts, join(child, and, or, leaf))
	}
	if n.and {
		return "(" + strings.Join(parts, and) + ")"
	}
	return "(" + strings.Join(parts, or) + ")"
}

// operandTexts returns the operands of a criterion as texts: numbers and addresses as digits.
func (c *criterion) operandTexts() []string {
	list := c.texts
	for _, n := range c.numbers {
		list = append(list, fmt.Sprintf("%d-%d", n[0], n[1]))
	}
	for _, a := range c.addresses {
		list = append(list, a[0]+"-"+a[1])
	}
	return list
}

// pieces splits a wildcard pattern at its wildcards, without its escapes. Other operands have one
// piece.
func (c *criterion) pieces(operand string) []string {
	if c.operator != channelfile.OpPattern {
		return []string{operand}
	}
	var list []string
	var piece strings.Builder
	for i := 0; i <= len(operand); i++ {
		if i == len(operand) || operand[i] == '*' || operand[i] == '?' {
			if piece.Len() > 0 {
				list = append(list, piece.String())
			}
			piece.Reset()
			continue
		}
		if operand[i] == '\\' {
			i++
		}
		piece.WriteByte(operand[i])
	}
	return list
}

// yaraText returns a text as a literal of YARA.
func yaraText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// writeYARA writes a rule for each instance, with a string for each operand. A pattern becomes a
// regular expression.
func writeYARA(w io.Writer, r *rules) {
	for i, n := range r.conditions {
		fmt.Fprintf(w, "rule r%d {\n  strings:\n", i)
		written := map[int]bool{}
		condition := join(n, " and ", " or ", func(k int, negated bool) string {
			c := &r.criteria[k]
			if !written[k] {
				written[k] = true
				for o, text := range c.operandTexts() {
					literal := `"` + yaraText(text) + `"`
					if c.operator == channelfile.OpPattern {
						var quoted []string
						for _, p := range c.pieces(text) {
							quoted = append(quoted, strings.ReplaceAll(regexp.QuoteMeta(p), "/", `\/`))
						}
						literal = "/" + strings.Join(quoted, ".*") + "/"
					}
					if c.folded {
						literal += " nocase"
					}
					fmt.Fprintf(w, "    $c%d_%d = %s\n", k, o, literal)
				}
			}
			of := "any"
			if c.all {
				of = "all"
			}
			s := fmt.Sprintf("%s of ($c%d_*)", of, k)
			if negated {
				return "not (" + s + ")"
			}
			return s
		})
		fmt.Fprintf(w, "  condition: %s\n}\n", condition)
	}
}

// writePrometheus writes an alert for each instance, whose labels are the inputs.
func writePrometheus(w io.Writer, r *rules) {
	fmt.Fprintf(w, "groups:\n- name: rules\n  rules:\n")
	for i, n := range r.conditions {
		expression := join(n, " and ", " or ", func(k int, negated bool) string {
			c := &r.criteria[k]
			var list []string
			for _, text := range c.operandTexts() {
				if c.operator == channelfile.OpPattern {
					text = strings.TrimSuffix(strings.TrimPrefix(expression(text), `(?s)\A`), `\z`)
				} else {
					text = regexp.QuoteMeta(text)
				}
				switch c.operator {
				case channelfile.OpPrefix:
					text += ".*"
				case channelfile.OpSuffix:
					text = ".*" + text
				case channelfile.OpContains:
					text = ".*" + text + ".*"
				}
				list = append(list, text)
			}
			operator, value := "=~", strings.Join(list, "|")
			if c.folded {
				value = "(?i)" + value
			} else if c.operator == channelfile.OpEquals && len(c.texts) == 1 {
				operator, value = "=", c.texts[0]
			}
			if negated {
				operator = map[string]string{"=": "!=", "=~": "!~"}[operator]
			}
			return fmt.Sprintf("event{f%d%s%s}", c.input, operator, quote(value))
		})
		fmt.Fprintf(w, "  - alert: r%d\n    expr: %s\n", i, quote(expression))
	}
}

// writeClamAV writes a logical signature for each instance, with a part for each piece of an
// operand.
func writeClamAV(w io.Writer, r *rules) {
	for i, n := range r.conditions {
		var parts []string
		condition := join(n, "&", "|", func(k int, negated bool) string {
			c := &r.criteria[k]
			var alternatives []string
			for _, text := range c.operandTexts() {
				var bytes []string
				for _, p := range c.pieces(text) {
					for len(p) < 3 {
						p += p // ClamAV refuses shorter ones
					}
					bytes = append(bytes, hex.EncodeToString([]byte(p)))
				}
				part := strings.Join(bytes, "*")
				if c.folded {
					part += "::i"
				}
				alternatives = append(alternatives, fmt.Sprint(len(parts)))
				parts = append(parts, part)
			}
			s := strings.Join(alternatives, "|")
			if len(alternatives) > 1 {
				s = "(" + s + ")"
			}
			if negated {
				return s + "=0"
			}
			return s
		})
		fmt.Fprintf(w, "r%d;Target:0;%s;%s\n", i, condition, strings.Join(parts, ";"))
	}
}
