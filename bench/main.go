// Command bench compares cfcheck with other engines on the same work, in one run:
//
//	go -C bench run .
//
// It prints one Markdown table of ratios, with the machine and the versions. All times are
// processor time of one core, and the compared tasks run in turns. Where engines answer a question,
// their answers are compared. The first difference ends the run. README.md says which peers need
// packages of Debian.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/internal/workload"
)

func main() {
	small := flag.Bool("small", false, "a short run that fails if a ratio has halved since it was recorded")
	record := flag.Bool("record", false, "with -small: record the ratios in "+recordFile)
	sizes := flag.String("sizes", "1000,10000,100000", "comma-separated `numbers` of generated rules")
	data := flag.String("data", "../../shared/data/dev", "`folder` with published rules and recorded events")
	only := flag.String("only", "", "measure only the work whose name contains this `text`")
	flag.Parse()
	runtime.GOMAXPROCS(1) // one core, so that the work of the garbage collector counts
	err := errors.New("this system has no clock of processor time")
	if processorTime() > 0 {
		if *small {
			err = runSmall(os.Stdout, *data, *record)
		} else {
			err = run(os.Stdout, os.Stderr, *data, *sizes, *only)
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// engines are in the order of the table.
var engines = append([]*engine{ours, plain, hyperscanAccess, hyperscanAll, re2Set, exprLang}, large...)

func run(w, log io.Writer, data, sizes, only string) error {
	dir, err := os.MkdirTemp("", "cfcheck-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	buildNative(dir)
	var rows []row
	b := budget{check: time.Second, turn: 300 * time.Millisecond, rounds: 5}
	add := func(c *content) error {
		if !strings.Contains(c.name, only) {
			return nil
		}
		list, err := contest(log, c, engines, b)
		if err == nil {
			rows = append(rows, matchingRows(c, list)...)
		}
		return err
	}
	real, err := realContents(data, "*.ndjson.gz", 300, "process_creation", "ipc")
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(w, "The published rules and recorded events are not measured: %v\n\n", err)
	} else if err != nil {
		return err
	}
	for _, c := range real {
		if err := add(c); err != nil {
			return err
		}
	}
	for s := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fmt.Errorf("-sizes: %q is not a number of rules", s)
		}
		for _, mix := range mixes {
			c, err := mix.content(n)
			if err != nil {
				return err
			}
			if err := add(c); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(w, "%s\n\n", machine(engines))
	printTable(w, rows)
	for _, e := range engines {
		if e.missing != "" {
			fmt.Fprintf(w, "\n%s was not measured: %s\n", e.name, e.missing)
		}
	}
	return nil
}

// A mix is a kind of generated rules.
type mix struct {
	name      string
	instances workload.Source
}

var mixes = []mix{
	{"all operators", workload.Instances},
	{"equality and prefix", workload.ExactInstances},
}

func (m mix) content(rules int) (*content, error) {
	f, err := workload.Selective(rules, m.instances)
	if err != nil {
		return nil, err
	}
	return newContent(fmt.Sprintf("%d generated rules, %s", rules, m.name), f, workload.Events(f, 2000, 1))
}

// realContents returns the published rules of the named types, with a number of recorded events
// each, from the files that match the pattern.
func realContents(data, pattern string, events int, types ...string) ([]*content, error) {
	sets, err := realdata.Load(data, pattern, types...)
	if err != nil {
		return nil, err
	}
	var list []*content
	for _, s := range sets {
		r := rand.New(rand.NewPCG(1, 1))
		r.Shuffle(len(s.Events), func(i, k int) { s.Events[i], s.Events[k] = s.Events[k], s.Events[i] })
		c, err := newContent(fmt.Sprintf("%d published rules, %s", s.File.Instances(), s.Definition.Name), s.File, s.Events[:min(len(s.Events), events)])
		if err != nil {
			return nil, err
		}
		c.whole = true
		list = append(list, c)
	}
	return list, nil
}
