package sigma

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestBudget tests the budget for all rules of a run. Each case has many small
// rules, and each rule alone is within all limits.
func TestBudget(t *testing.T) {
	for _, tt := range []struct {
		why, text string // of each rule, from the field of its number on
		rules     int
		want      cost // minimum for each rule
	}{
		{"windash multiplies", "    s: {PipeName|windash: '%d -a -b -c -d'}\n    condition: s\n", 3, cost{values: 625, bytes: 625 * 13}},
		{"a chain multiplies on", "    s: {PipeName|windash|base64offset|contains: '%d -abc'}\n    condition: s\n", 3, cost{values: 15, bytes: 15 * 8}},
		{"placeholders combine", "    s: {PipeName|expand: '%d %%Ten%%%%Ten%%%%Ten%%'}\n    condition: s\n", 3, cost{values: 1000, bytes: 1000 * 3}},
		{"windash multiplies what placeholders make", "    s: {PipeName|expand|windash: '%d -%%Ten%% -b'}\n    condition: s\n", 3, cost{values: 250}},
		{"a keyword is looked for in several fields", "    s: [keyword %d]\n    condition: s\n", 3, cost{values: 3}},
		{"a program of a regular expression", "    s: {PipeName|re: '%d(ab){400}'}\n    condition: s\n", 3, cost{bytes: 800 * 8, steps: 800}},
		{"uses of a search", "    s: {PipeName: [%d, b, c]}\n    condition: s" + strings.Repeat(" or s", 99) + "\n", 3, cost{steps: 300}},
		{"a long value", "    s: {PipeName: '%d " + strings.Repeat("x", 5000) + "'}\n    condition: s\n", 3, cost{bytes: 5000}},
		{"fields", "    s:\n        PipeName: '%d'\n        Image: x\n        User: x\n    condition: s\n", 3, cost{values: ruleValues + 3*fieldValues + 3}},
		{"errors", "    s: {PipeName|what: '%d'}\n    condition: s\n", 3, cost{values: ruleValues + errorValues}},
		{"unknown fields", "    s: {Colour: '%d', Shape: x}\n    condition: s\n", 3, cost{values: ruleValues + 2*errorValues, steps: 2 * 21}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			folder := t.TempDir()
			for i := range tt.rules {
				text := withID(fmt.Sprintf("929a690e-bef0-4204-a928-ef5e620d6f%02d", i), fmt.Sprintf(tt.text, i))
				if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.yml", i)), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			def := *ipc(t)
			def.Keywords = []string{"PipeName", "Image", "User"}
			defs := testkit.Definitions(t, &def)
			run := func(b *Budget) error {
				files, err := NewLoader(b).Load(folder)
				if err != nil {
					return err
				}
				var rules []*Rule
				for _, f := range files {
					rules = append(rules, f.Rules...)
				}
				_, err = Build(rules, defs, Options{Budget: b, Placeholders: Placeholders{"Ten": strings.Fields("a b c d e f g h i j")}})
				return err
			}
			b := NewBudget(1)
			var spent *BudgetError
			if err := run(b); errors.As(err, &spent) {
				t.Fatal(err)
			}
			all := b.spent
			if all.values < tt.rules*tt.want.values || all.bytes < tt.rules*tt.want.bytes || all.steps < tt.rules*tt.want.steps {
				t.Errorf("%d rules take %+v; want at least %+v each", tt.rules, all, tt.want)
			}
			// A budget of exactly the cost is sufficient, and one unit less is
			// not.
			exact := NewBudget(1)
			exact.limit = all
			if err := run(exact); errors.As(err, &spent) {
				t.Errorf("with all that is needed: %v", err)
			}
			for name, less := range map[string]cost{"values": {values: 1}, "bytes": {bytes: 1}, "steps": {steps: 1}} {
				short := NewBudget(1)
				short.limit = cost{all.values - less.values, all.bytes - less.bytes, all.steps - less.steps}
				if all.steps == 0 && less.steps > 0 {
					continue
				}
				err := run(short)
				spent, ok := errors.AsType[*BudgetError](err)
				if !ok || spent.Resource != name || len(Errors(err)) != 1 {
					t.Errorf("with one of %s less: %v", name, err)
				} else if filepath.Dir(spent.Name) != filepath.ToSlash(folder) || spent.Position != (Position{1, 1}) {
					t.Errorf("the most expensive rule is at %s:%v", spent.Name, spent.Position)
				}
				if short.spend(new(Rule), cost{}) {
					t.Error("a budget that is spent has enough for nothing")
				}
			}
		})
	}
}

// TestMostExpensive checks that the error names the most expensive rule, and
// not the rule at which the budget is exceeded.
func TestMostExpensive(t *testing.T) {
	b := NewBudget(1)
	b.limit.values = 700
	rules := mustParse(t, withID(idA, sound), withID(idB, "    s: {PipeName|windash: ' -a -b -c -d'}\n    condition: s\n"))
	for i := range 9 {
		rules = append(rules, mustParse(t, withID(fmt.Sprintf("929a690e-bef0-4204-a928-ef5e620d6f%02d", i), "    s: {PipeName|windash: ' -a -b'}\n    condition: s\n"))...)
	}
	_, err := Build(rules, builtin.Definitions(), Options{Budget: b})
	const want = "compiling the rules of this run takes more than the budget of 700 values; the most expensive rule is b.yml:1:1"
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "which takes 624: ") {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestMeasure checks that a chain predicts the number and the size of its
// results.
func TestMeasure(t *testing.T) {
	for _, modifiers := range []string{
		"contains", "windash", "windash|contains", "contains|windash", "base64", "base64offset", "wide", "utf16|base64offset|contains",
		"windash|base64", "windash|base64offset|contains", "windash|wide|base64offset", "wide|windash",
	} {
		var words []Text
		for word := range strings.SplitSeq(modifiers, "|") {
			words = append(words, Text{Value: word})
		}
		c, found, _, _ := newChain(words)
		if found != "" {
			t.Fatal(found)
		}
		for _, value := range []string{"abc", "-a", "a -b", "é –c —d", "a -b -c*", "-a -b -c -d", "", "a", strings.Repeat("-a ", 9)} {
			globs, problem := c.strings(value, nil, func(int, int) bool { return true })
			made, bytes, measured := c.measure(value)
			if problem != measured {
				t.Errorf("%s of %q: %q; measured %q", modifiers, value, problem, measured)
				continue
			}
			size := 0
			for _, g := range globs {
				size += g.size()
			}
			if problem == "" && (made != len(globs) || bytes < size || bytes > 2*size+40*made) {
				t.Errorf("%s of %q makes %d of %d bytes; measured %d of %d", modifiers, value, len(globs), size, made, bytes)
			}
		}
	}
}
