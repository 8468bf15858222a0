// Command bench measures the figures of docs/performance.md:
//
//	go run ./internal/bench
//
// It prints ratios, which are similar on all machines: of reading and judging a
// file to hashing it, and of a whole run of cfcheck to an empty program. It runs
// the compared tasks in turns, and measures processor time. It prints the minimum,
// which is the cost of the code, and the median, which shows the load of the
// machine.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func main() {
	instances := flag.String("instances", "100000,1000000", "comma-separated `numbers` of instances of the files")
	rounds := flag.Int("rounds", 20, "repeat each measurement `N` times for a file of 100,000 instances, and fewer times for larger files")
	content := flag.String("content", "", "only judge the channel files of this `folder`, with and without running their content")
	changes := flag.Bool("changes", false, "measure only the checks of the families CF4 and CF6, and diff, on files of 1,000 to 100,000 instances")
	foreign := flag.Bool("sysmon", false, "measure only the checks of the family CF8, on a generated configuration of 250,000 bytes or on that of -source")
	source := flag.String("source", "", "with -sysmon: a `file` with a configuration of Sysmon")
	manyFiles := flag.Int("files", 0, "only judge `N` small files, and print the memory that this takes")
	matching := flag.Bool("matching", false, "measure only how fast content is matched, on events for generated instances and on recorded events")
	data := flag.String("data", "../shared/data/dev", "`folder` with published rules and recorded events, for -matching")
	page := flag.String("page", "", "only write the report on -rules rules and -builds builds as a page to this `file`")
	rules := flag.Int("rules", 3000, "with -page: the `number` of rules")
	builds := flag.Int("builds", 500, "with -page: the `number` of builds, each with a contract of its own")
	pairs := flag.Int("pairs", 200, "run `N` pairs of processes (0 means that no process is measured)")
	flag.Parse()
	measure := func() error {
		err := run(os.Stdout, *instances, *rounds)
		if err != nil || *pairs == 0 {
			return err
		}
		return withGate(func(dir, program string) error { return measureProcess(os.Stdout, dir, program, *pairs) })
	}
	if *content != "" {
		measure = func() error { return measureContent(os.Stdout, *content, *rounds) }
	}
	if *changes {
		measure = func() error { return measureChanges(os.Stdout, []int{1_000, 10_000, 100_000}, *rounds) }
	}
	if *matching {
		measure = func() error {
			return measureMatching(os.Stdout, *data, []int{10, 100, 1_000, 10_000, 100_000}, *rounds, 200*time.Millisecond)
		}
	}
	if *foreign {
		measure = func() error {
			data, err := workload.SysmonSource(250_000), error(nil)
			if *source != "" {
				data, err = os.ReadFile(*source)
			}
			if err != nil {
				return err
			}
			return measureSysmon(os.Stdout, data, *rounds)
		}
	}
	if *page != "" {
		measure = func() error { return writePage(os.Stdout, *page, *rules, *builds) }
	}
	if *manyFiles > 0 {
		measure = func() error {
			return withGate(func(dir, program string) error { return measureFiles(os.Stdout, dir, program, *manyFiles) })
		}
	}
	if err := measure(); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(w io.Writer, instances string, rounds int) error {
	var sizes []int
	for s := range strings.SplitSeq(instances, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of instances", s)
		}
		sizes = append(sizes, n)
	}
	fmt.Fprintf(w, "%s %s/%s, %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, clockName)
	return measureSizes(w, sizes, func(n int) (*results, error) {
		return measureFile(n, max(1, min(rounds, rounds*200_000/n)))
	})
}

// measureSizes measures files of some numbers of instances, and prints how the cost of an instance
// grows.
func measureSizes(w io.Writer, sizes []int, measure func(instances int) (*results, error)) error {
	runtime.GOMAXPROCS(1) // one core, so that the work of the garbage collector counts
	var before *results
	for _, n := range sizes {
		r, err := measure(n)
		if err != nil {
			return err
		}
		r.print(w)
		if before != nil {
			r.printGrowth(w, before)
		}
		before = r
	}
	return nil
}

// A task is one of the functions that run in turns.
type task struct {
	name  string
	do    func() error
	cores int // if not 0, it runs on so many cores, and wall-clock time counts
}

// results are the times of tasks on one file, in the order of the tasks.
type results struct {
	instances, size int
	tasks           []task
	times           []times
	allocations     []uint64
}

func measureFile(instances, rounds int) (*results, error) {
	data := workload.File(instances, 1)
	r := &results{instances: instances, size: len(data), tasks: []task{
		{name: "SHA-256", do: func() error { sha256.Sum256(data); return nil }},
		{name: "Parse", do: func() error { _, err := channelfile.Parse(data); return err }},
		{name: "Parse, Conformance, ContentDigest", do: func() error { return verify(data) }},
		{name: "CF0 to CF3, 1 build", do: gate(data, workload.Fleet(1, 1), staticChecks())},
		{name: "CF0 to CF3, 500 builds, 20 contracts", do: gate(data, workload.Fleet(500, 20), staticChecks())},
		{name: "all checks except CF4, 1 build", do: gate(data, workload.Fleet(1, 1), withoutFamily(4))},
		{name: "all checks, 1 build", do: gate(data, workload.Fleet(1, 1), suite.Checks)},
		{name: "all checks, 500 builds, 20 contracts", do: gate(data, workload.Fleet(500, 20), suite.Checks)},
		{name: "except CF4, 2 cores, wall-clock time", do: gate(data, workload.Fleet(1, 1), withoutFamily(4)), cores: 2},
		{name: "all checks, 2 cores, wall-clock time", do: gate(data, workload.Fleet(1, 1), suite.Checks), cores: 2},
	}}
	return r, r.measure(rounds)
}

// staticChecks returns the checks that do not run content.
func staticChecks() []*validate.Check {
	return slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Family() > 3 })
}

// withoutFamily returns all checks except those of a family.
func withoutFamily(digit int) []*validate.Check {
	return slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Family() == digit })
}

// measureContent judges the channel files of a folder for the fleet "reference",
// without and with the checks that run content.
func measureContent(w io.Writer, folder string, rounds int) error {
	names, err := filepath.Glob(filepath.Join(folder, "*.cf"))
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: no channel files (.cf)", folder)
	}
	runtime.GOMAXPROCS(1)
	fleet, _ := builtin.Fleet("reference")
	var files [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files = append(files, data)
	}
	judge := func(checks []*validate.Check) func() error {
		return func() error {
			opts := validate.Options{Checks: checks, Definitions: builtin.Definitions(), Fleet: fleet, Cohorts: fleet.Cohorts(), Now: time.Now()}
			for i, data := range files {
				if r := validate.Run(validate.ChannelFile("", data), opts); r.Verdict() == validate.Rejected {
					return fmt.Errorf("%s is rejected", names[i])
				}
			}
			return nil
		}
	}
	r := &results{tasks: []task{{name: "CF0 to CF3", do: judge(staticChecks())}, {name: "all checks", do: judge(suite.Checks)}}}
	if err := r.measure(rounds); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d files, %d rounds; CF0 to CF3 take %.1f ms, median %.1f; all checks take %.1f times that, median %.1f\n",
		len(files), rounds, r.times[0].least(), r.times[0].median(), r.times[1].least()/r.times[0].least(), r.times[1].median()/r.times[0].median())
	return nil
}

// measure runs all tasks in turns.
func (r *results) measure(rounds int) error {
	r.times = make([]times, len(r.tasks))
	r.allocations = make([]uint64, len(r.tasks))
	for range rounds {
		for i, t := range r.tasks {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			if t.cores > 0 {
				runtime.GOMAXPROCS(t.cores)
			}
			start, began := processorTime(), time.Now()
			err := t.do()
			took := processorTime() - start
			if t.cores > 0 {
				took = time.Since(began)
				runtime.GOMAXPROCS(1)
			}
			r.times[i] = append(r.times[i], took)
			runtime.ReadMemStats(&after)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			r.allocations[i] = after.Mallocs - before.Mallocs
		}
	}
	return nil
}

func verify(data []byte) error {
	f, err := channelfile.Parse(data)
	if err != nil {
		return err
	}
	if broken := f.Conformance(); broken != 0 {
		return fmt.Errorf("the file breaks requirements: %b", broken)
	}
	f.ContentDigest()
	return nil
}

func gate(data []byte, fleet *sensor.Fleet, checks []*validate.Check) func() error {
	defs := new(sensor.Definitions)
	err := defs.Add(workload.Definition())
	opts := validate.Options{Checks: checks, Definitions: defs, Fleet: fleet, Now: time.Now()}
	return func() error {
		if err != nil {
			return err
		}
		if r := validate.Run(validate.ChannelFile("", data), opts); r.Verdict() == validate.Rejected {
			return errors.New("the file is rejected")
		}
		return nil
	}
}

func (r *results) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d instances, %.1f bytes each, %d rounds; SHA-256 of the file takes %.1f ms, median %.1f\n",
		r.instances, float64(r.size)/float64(r.instances), len(r.times[0]), r.times[0].least(), r.times[0].median())
	r.printTasks(w)
}

// printTasks prints a line for each task, in times of the first one.
func (r *results) printTasks(w io.Writer) {
	fmt.Fprintf(w, "%-40s %8s %8s %12s\n", "in times of the SHA-256", "least", "median", "allocations")
	for i, t := range r.tasks {
		fmt.Fprintf(w, "%-40s %8.2f %8.2f %12d\n", t.name,
			r.times[i].least()/r.times[0].least(), r.times[i].median()/r.times[0].median(), r.allocations[i])
	}
}

// printGrowth prints the cost of an instance in a file of another size.
func (r *results) printGrowth(w io.Writer, before *results) {
	fmt.Fprintf(w, "\n%-40s %8s %8s\n", fmt.Sprintf("an instance of %d to one of %d", r.instances, before.instances), "least", "median")
	each := float64(before.instances) / float64(r.instances)
	for i, t := range r.tasks {
		fmt.Fprintf(w, "%-40s %8.2f %8.2f\n", t.name,
			r.times[i].least()/before.times[i].least()*each, r.times[i].median()/before.times[i].median()*each)
	}
}

// times are the durations of the rounds of a task.
type times []time.Duration

func (t times) least() float64 { return milliseconds(slices.Min(t)) }

func (t times) median() float64 {
	sorted := slices.Sorted(slices.Values(t))
	return milliseconds(sorted[len(sorted)/2])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
