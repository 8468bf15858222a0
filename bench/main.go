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

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/internal/turns"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

func main() {
	o := options{log: &progressLog{w: os.Stderr, start: time.Now()}}
	small := flag.Bool("small", false, "a short run that fails if a ratio has halved since it was recorded")
	record := flag.Bool("record", false, "with -small: record the ratios in "+recordFile)
	flag.StringVar(&o.sizes, "sizes", "1000,10000,100000", "comma-separated `numbers` of generated rules that are matched")
	flag.IntVar(&o.instances, "instances", 100_000, "`number` of generated rules that are read and judged")
	flag.StringVar(&o.only, "only", "", "measure only this `part`: published, generated, replaying, hash, reading or judging")
	flag.BoolVar(&o.slow, "slow", false, fmt.Sprintf("build each engine for more than %d rules, which takes minutes", slow))
	flag.StringVar(&o.data, "data", "../../shared/data/dev", "`folder` with published rules and recorded events")
	flag.Parse()
	runtime.GOMAXPROCS(1) // one core, so that the work of the garbage collector counts
	err := errors.New("this system has no clock of processor time")
	if turns.CPU() > 0 {
		if *small {
			err = runSmall(os.Stdout, o.data, *record)
		} else {
			err = o.run(os.Stdout)
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// options are those of a full run.
type options struct {
	sizes, only, data string
	instances         int
	slow              bool
	dir               string // for programs and files
	log               io.Writer
}

// A progressLog writes each line after the time since the start, so that a person sees which part
// takes long.
type progressLog struct {
	w     io.Writer
	start time.Time
}

func (p *progressLog) Write(line []byte) (int, error) {
	_, err := fmt.Fprintf(p.w, "%5.0f s  %s", time.Since(p.start).Seconds(), line)
	return len(line), err
}

// results are rows of the table, the versions of the peers, and notes on missing peers.
type results struct {
	rows              []row
	versions, missing []string
}

// engines are in the order of the table.
var engines = append([]*engine{ours, plain, hyperscanAccess, hyperscanAll, re2Set, exprLang}, large...)

func (o options) run(w io.Writer) (err error) {
	if o.dir, err = os.MkdirTemp("", "cfcheck-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	if err := os.CopyFS(o.dir, sources); err != nil {
		return err
	}
	parts := []struct {
		name    string
		measure func() (results, error)
	}{
		{"published", o.published},
		{"generated", o.generated},
		{"hash", func() (results, error) { rows, err := hashRows(o.instances, 3); return results{rows: rows}, err }},
		{"replaying", o.replaying},
		{"reading", o.reading},
		{"judging", o.judging},
	}
	all := results{}
	if o.only == "" || o.only == "published" || o.only == "generated" {
		fmt.Fprintln(o.log, "building the programs in C++")
		buildNative(o.dir)
		all.versions, all.missing = engineVersions()
	}
	for _, p := range parts {
		if o.only != "" && o.only != p.name {
			continue
		}
		fmt.Fprintf(o.log, "part %q\n", p.name)
		r, err := p.measure()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		all.rows = append(all.rows, r.rows...)
		all.versions = append(all.versions, r.versions...)
		all.missing = append(all.missing, r.missing...)
	}
	if len(all.rows) == 0 && len(all.missing) == 0 {
		return fmt.Errorf("-only: there is no part %q", o.only)
	}
	fmt.Fprintf(w, "%s\n\n", machine(all.versions))
	printTable(w, all.rows)
	for _, m := range all.missing {
		fmt.Fprintf(w, "\n%s\n", m)
	}
	return nil
}

// budget is for matching in a full run.
func (o options) budget() budget {
	return budget{check: time.Second, turn: 300 * time.Millisecond, rounds: 5, total: 20 * time.Second, slow: o.slow}
}

func (o options) published() (r results, err error) {
	contents, err := realContents(o.data, "*.ndjson.gz", 300, "process_creation", "ipc")
	if errors.Is(err, os.ErrNotExist) {
		return results{missing: []string{fmt.Sprintf("The published rules and recorded events were not measured: %v", err)}}, nil
	}
	if err != nil {
		return r, err
	}
	for _, c := range contents {
		list, err := contest(o.log, c, engines, o.budget())
		if err != nil {
			return r, err
		}
		r.rows = append(r.rows, matchingRows(c, list)...)
	}
	return r, nil
}

func (o options) generated() (r results, err error) {
	for s := range strings.SplitSeq(o.sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return r, fmt.Errorf("-sizes: %q is not a number of rules", s)
		}
		for _, mix := range mixes {
			c, err := mix.content(n)
			if err != nil {
				return r, err
			}
			list, err := contest(o.log, c, engines, o.budget())
			if err != nil {
				return r, err
			}
			r.rows = append(r.rows, matchingRows(c, list)...)
		}
	}
	return r, nil
}

// engineVersions returns the versions of the engines, and why some are missing.
func engineVersions() (versions, missing []string) {
	for _, e := range engines {
		if e.missing != "" {
			missing = append(missing, fmt.Sprintf("%s was not measured: %s", e.name, e.missing))
		} else if e.version != "" {
			versions = append(versions, e.name+" "+e.version)
		}
	}
	return versions, missing
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
// each, from the files that match the pattern. Before these are some events that match a rule,
// for comparing answers.
func realContents(data, pattern string, events int, types ...string) ([]*content, error) {
	sets, err := realdata.Load(data, pattern, types...)
	if err != nil {
		return nil, err
	}
	var list []*content
	for _, s := range sets {
		r := rand.New(rand.NewPCG(1, 1))
		r.Shuffle(len(s.Events), func(i, k int) { s.Events[i], s.Events[k] = s.Events[k], s.Events[i] })
		timed := s.Events[:min(len(s.Events), events)]
		matching, err := someMatching(s.File, s.Events[len(timed):], 50)
		if err != nil {
			return nil, err
		}
		c, err := newContent(fmt.Sprintf("%d published rules, %s", s.File.Instances(), s.Definition.Name), s.File, append(matching, timed...))
		if err != nil {
			return nil, err
		}
		c.first, c.whole = len(matching), true
		list = append(list, c)
	}
	return list, nil
}

// someMatching returns up to n events that match a rule.
func someMatching(f *channelfile.File, events []interp.Event, n int) (list []interp.Event, err error) {
	ix, err := match.New(f)
	if err != nil {
		return nil, err
	}
	m := ix.Matcher()
	for _, e := range events {
		if matched, err := m.Match(e); err != nil {
			return nil, err
		} else if len(matched) > 0 && len(list) < n {
			list = append(list, e)
		}
	}
	return list, nil
}
