// Command sigmapeers compares cfcheck with other engines for Sigma, on the published rules and
// recorded events, in one run. The tag peers adds the other engines; see README.md of bench.
//
// Each engine reads the rules as they were published. So answers can differ where engines read
// Sigma differently: the command counts the differences, and names the rules.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/plainloop"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/internal/turns"
	"github.com/cfcheck/cfcheck/sensor/match"
	"github.com/cfcheck/cfcheck/sigma"
)

// A peer is another engine for Sigma.
type peer struct {
	name   string
	module string // path of its module, for the version
	// start prepares events, which are texts by the names of the fields. It returns a function
	// that compiles a rule, to a function that says whether an event matches.
	start func(events []map[string]string) func(rule []byte) (func(event int) (bool, error), error)
}

// peers are registered by the files that the tag peers adds.
var peers []peer

func main() {
	data := flag.String("data", "../../../shared/data/dev", "`folder` with published rules and recorded events")
	events := flag.Int("events", 300, "`number` of recorded events")
	rounds := flag.Int("rounds", 5, "`number` of turns of each engine")
	flag.Parse()
	runtime.GOMAXPROCS(1) // one core, so that the work of the garbage collector counts
	if err := run(os.Stdout, *data, *events, *rounds); err != nil {
		fmt.Fprintf(os.Stderr, "sigmapeers: %v\n", err)
		os.Exit(1)
	}
}

func run(w io.Writer, data string, events, rounds int) error {
	if turns.CPU() == 0 {
		return errors.New("this system has no clock of processor time")
	}
	if len(peers) == 0 {
		return errors.New("no other engine is in this program; build it with -tags peers")
	}
	sets, err := realdata.Load(data, "*.ndjson.gz", "process_creation", "ipc")
	if err != nil {
		return err
	}
	sources, err := sourcesOf(filepath.Join(data, "sigma"))
	if err != nil {
		return err
	}
	for _, s := range sets {
		c := &contest{name: fmt.Sprintf("%d published rules, %s", s.File.Instances(), s.Definition.Name), set: s}
		for i := range s.File.Instances() {
			id := s.File.Instance(i).ID
			if sources[id] == nil {
				return fmt.Errorf("%s: there is no file of the rule %s", s.Definition.Name, id)
			}
			c.sources = append(c.sources, sources[id])
		}
		if err := c.run(w, events, rounds); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// sourcesOf returns the files of rules below a folder, by the IDs of the rules.
func sourcesOf(folder string) (map[channelfile.ID][]byte, error) {
	files, err := sigma.Load(folder)
	if err != nil {
		return nil, err
	}
	sources := map[channelfile.ID][]byte{}
	for _, f := range files {
		for _, r := range f.Rules {
			if id, ok := r.UUID(); ok {
				if sources[id], err = os.ReadFile(filepath.FromSlash(f.Name)); err != nil {
					return nil, err
				}
			}
		}
	}
	return sources, nil
}

// A contest is rules and events on which the engines run.
type contest struct {
	name    string
	set     realdata.Set
	sources [][]byte // by rule

	candidates []*candidate
}

// A candidate is an engine with the rules.
type candidate struct {
	turns.Loop
	name, version string
	refused       map[int]error // by rule, while reading it
	failed        map[int]error // by rule, the first error while evaluating it
	times         []float64     // nanoseconds for an event, by turn
}

// run measures all engines in turns, on a number of events. It prints a table, and the differences
// of the answers from those of cfcheck.
func (c *contest) run(w io.Writer, events, rounds int) error {
	r := rand.New(rand.NewPCG(1, 1))
	r.Shuffle(len(c.set.Events), func(i, k int) {
		c.set.Events[i], c.set.Events[k] = c.set.Events[k], c.set.Events[i]
	})
	c.set.Events = c.set.Events[:min(len(c.set.Events), events)]
	if len(c.set.Events) == 0 {
		return errors.New("there are no events")
	}
	if err := c.addOwn(); err != nil {
		return err
	}
	fields := c.fields()
	for _, p := range peers {
		c.addPeer(p, fields)
	}
	answers := make([][][]int, len(c.candidates))
	for i, k := range c.candidates {
		k.Events, k.Whole = len(c.set.Events), true
		var err error
		if answers[i], err = k.Answers(time.Hour); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
	}
	for range rounds {
		for _, k := range c.candidates {
			runtime.GC() // so that each pays for its own garbage
			n, used, err := k.Run(100 * time.Millisecond)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			k.times = append(k.times, float64(used)/float64(n))
		}
	}
	c.print(w, answers)
	return nil
}

// addOwn adds the index of cfcheck, to which the others are compared, and the plain loop.
func (c *contest) addOwn() error {
	ix, err := match.New(c.set.File)
	if err != nil {
		return err
	}
	m, l := ix.Matcher(), plainloop.New(c.set.File)
	c.candidates = append(c.candidates,
		&candidate{name: "cfcheck", Loop: turns.Loop{Match: func(i int) ([]int, error) { return m.Match(c.set.Events[i]) }}},
		&candidate{name: "plain loop", Loop: turns.Loop{Match: func(i int) ([]int, error) {
			err := l.Run(c.set.Events[i])
			return l.Matched(), err
		}}})
	return nil
}

// fields returns the texts of each event by the names of the inputs, which are the names that Sigma
// uses.
func (c *contest) fields() []map[string]string {
	list := make([]map[string]string, len(c.set.Events))
	for k, e := range c.set.Events {
		list[k] = map[string]string{}
		for i := range e {
			if e[i].Present() {
				list[k][c.set.Definition.Inputs[i].Name] = string(e[i].Text)
			}
		}
	}
	return list
}

// addPeer adds an engine with the rules that it accepts. A rule that fails on an event does not
// match it.
func (c *contest) addPeer(p peer, events []map[string]string) {
	k := &candidate{name: p.name, version: version(p.module), refused: map[int]error{}, failed: map[int]error{}}
	compile := p.start(events)
	var rules []int
	var programs []func(event int) (bool, error)
	for i, source := range c.sources {
		program, err := compile(source)
		if err != nil {
			k.refused[i] = err
			continue
		}
		rules, programs = append(rules, i), append(programs, program)
	}
	var matched []int
	k.Match = func(event int) ([]int, error) {
		matched = matched[:0]
		for i, program := range programs {
			holds, err := program(event)
			if err != nil && k.failed[rules[i]] == nil {
				k.failed[rules[i]] = err
			}
			if holds && err == nil {
				matched = append(matched, rules[i])
			}
		}
		return matched, nil
	}
	c.candidates = append(c.candidates, k)
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == module && m.Replace == nil {
			return m.Version
		} else if m.Path == module {
			return "copy in " + m.Replace.Path
		}
	}
	return ""
}

func median(list []float64) float64 {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// print prints the times, and how the answers for each event differ from those of the first
// candidate.
func (c *contest) print(w io.Writer, answers [][][]int) {
	fmt.Fprintf(w, "%s, %d recorded events, one core, processor time, %s\n\n", c.name, len(c.set.Events), runtime.Version())
	fmt.Fprint(w, "| engine | version | rules read | µs for an event | events a second | times as long as cfcheck |\n|---|---|---|---|---|---|\n")
	for _, k := range c.candidates {
		t := median(k.times)
		fmt.Fprintf(w, "| %s | %s | %d | %.2f | %.0f | %.1f |\n", k.name, k.version, len(c.sources)-len(k.refused), t/1e3, 1e9/t, t/median(c.candidates[0].times))
	}
	for i, k := range c.candidates[1:] {
		more, less, same := c.differences(answers[0], answers[i+1], k.refused)
		fmt.Fprintf(w, "\n%s: %d of %d events have the same answers of the rules that it reads.\n", k.name, same, len(answers[0]))
		c.list(w, "refused", k.refused)
		c.list(w, "failed while running", k.failed)
		c.list(w, "matches more than cfcheck", more)
		c.list(w, "matches less than cfcheck", less)
	}
	fmt.Fprintln(w)
}

// differences returns how many events have the same answers, and the rules whose answers differ. It
// does not count the rules that the engine refuses.
func (c *contest) differences(want, got [][]int, refused map[int]error) (more, less map[int]error, same int) {
	count := func(from, without [][]int) (map[int]error, []bool) {
		events, differs := map[int]int{}, make([]bool, len(from))
		for e := range from {
			for _, rule := range from[e] {
				if refused[rule] == nil && !slices.Contains(without[e], rule) {
					events[rule]++
					differs[e] = true
				}
			}
		}
		notes := map[int]error{}
		for rule, n := range events {
			notes[rule] = fmt.Errorf("%d events", n)
		}
		return notes, differs
	}
	more, a := count(got, want)
	less, b := count(want, got)
	for e := range want {
		if !a[e] && !b[e] {
			same++
		}
	}
	return more, less, same
}

// list prints rules with notes, at most ten.
func (c *contest) list(w io.Writer, what string, notes map[int]error) {
	if len(notes) == 0 {
		return
	}
	fmt.Fprintf(w, "- %s: %d rules\n", what, len(notes))
	for i, rule := range slices.Sorted(maps.Keys(notes)) {
		if i == 10 {
			fmt.Fprintf(w, "  - and %d others\n", len(notes)-i)
			return
		}
		first, _, _ := strings.Cut(notes[rule].Error(), "\n")
		fmt.Fprintf(w, "  - %s: %.200s\n", c.set.File.Instance(rule).ID, first)
	}
}
