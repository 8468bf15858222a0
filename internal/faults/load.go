//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
)

func loadTrials() []trial {
	return []trial{
		{"L1", "very many files of about 1 KiB in folders, on one core and on two", "all are accepted; the largest resident set is at most 256 MiB (goal for the time: 30 s)", (*env).manyFiles},
		{"L2", "a file of 4 GiB, and a sparse one of 1 TiB", "rejected without being read, in less than 50 ms of processor time", (*env).hugeFiles},
		{"L3", "64 MiB of expensive expressions, with the default work limit and with a hundredth of it", "the work limit ends the run with status 2, and the report names it", (*env).worstContent},
		{"L4", "64 MiB of content with little memory: a control group of 128 MiB, and a limit on data", "completes, or ends with another status than 0 and 1", (*env).littleMemory},
		{"L13", "a file with very many findings", "rejected; the report, without the list of digests, has at most 16 MiB", (*env).manyFindings},
	}
}

// smallFiles writes n channel files, 10,000 in each folder, and returns the
// size of the last one.
func smallFiles(root string, n int) (size int, err error) {
	const each = 10_000
	var wait sync.WaitGroup
	failures := make(chan error, n/each+1)
	room := make(chan struct{}, 4)
	for first := 1; first <= n; first += each {
		wait.Add(1)
		room <- struct{}{}
		go func() {
			defer func() { <-room; wait.Done() }()
			folder := filepath.Join(root, fmt.Sprintf("%04d", first/each))
			if err := os.MkdirAll(folder, 0o755); err != nil {
				failures <- err
				return
			}
			for revision := first; revision < first+each && revision <= n; revision++ {
				h := workload.Header
				h.Revision = uint32(revision)
				b := channelfile.NewBuilder(h)
				for id, condition := range workload.Instances(4, uint64(revision)) {
					if err := b.Add(id, condition, nil); err != nil {
						failures <- err
						return
					}
				}
				data, err := b.Encode()
				if err == nil {
					err = os.WriteFile(filepath.Join(folder, channelfile.FileName(h)), data, 0o644)
				}
				if err != nil {
					failures <- err
					return
				}
				if revision == n {
					size = len(data)
				}
			}
		}()
	}
	wait.Wait()
	close(failures)
	return size, <-failures
}

func (e *env) manyFiles() (string, error) {
	n := pick(e, e.files, 5_000)
	root := e.at("content")
	size, err := smallFiles(root, n)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(root)
	var saw []string
	var failed error
	for _, how := range []struct{ cores, format string }{{"0", "text"}, {"0,1", "json"}} {
		p := process{args: e.check("--format", how.format, "--out", e.at("report"), root), wrapper: []string{"taskset", "-c", how.cores}, timeout: 30 * time.Minute}
		x, err := e.expect(p, accepted)
		if err != nil {
			return strings.Join(saw, "; "), err
		}
		saw = append(saw, fmt.Sprintf("%s on %s: %.0f s, of which %.0f s of processor time, %s", how.format, coresOf(how.cores), x.took.Seconds(), x.cpu.Seconds(), megabytes(x.memory)))
		if x.memory > 256<<20 {
			failed = errOver
		}
	}
	return fmt.Sprintf("%s files, the last of %d bytes: %s", numeral.Thousands(uint64(n)), size, strings.Join(saw, "; ")), failed
}

func coresOf(list string) string {
	if n := 1 + strings.Count(list, ","); n > 1 {
		return fmt.Sprintf("%d cores", n)
	}
	return "1 core"
}

func (e *env) hugeFiles() (string, error) {
	var saw []string
	for _, f := range []struct {
		name string
		size int64
	}{{"4 GiB", 4 << 30}, {"1 TiB", 1 << 40}} {
		h := workload.Header
		h.Revision = uint32(f.size >> 32)
		name := e.at(channelfile.FileName(h))
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			return "", err
		}
		if err := os.Truncate(name, f.size); err != nil {
			return "", skip(fmt.Sprintf("the file system has no file of %s: %v", f.name, err))
		}
		x, err := e.expect(process{args: e.check(name)}, rejected)
		if err != nil {
			return "", err
		}
		saw = append(saw, fmt.Sprintf("%s: %d ms", f.name, x.cpu.Milliseconds()))
		if x.cpu > 50*time.Millisecond {
			return strings.Join(saw, "; "), errOver
		}
	}
	return strings.Join(saw, "; "), nil
}

// worstFile returns a file of about size bytes. Its expressions make the
// interpreter keep as many states as possible at each byte of an event.
func worstFile(size int) ([]byte, error) {
	b := channelfile.NewBuilder(workload.Header)
	for n := 0; size > 0; n++ {
		// Little content, many states: the program repeats the instructions of
		// a counted choice.
		expression := fmt.Sprintf("(?:a|b|ab|ba){0,60}(?:a|ab){60}%d", n)
		p, err := channelfile.CompileRegexp(expression)
		if err != nil {
			return nil, err
		}
		id := channelfile.ID{0, 0, 0, 1, 12: byte(n >> 24), 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
		if err := b.Add(id, channelfile.Regexp(0, expression), nil); err != nil {
			return nil, err
		}
		size -= 16*p.Len() + len(expression) + 100
	}
	return b.Encode()
}

func (e *env) writeWorst(size int) (string, error) {
	data, err := worstFile(size)
	if err != nil {
		return "", err
	}
	name := e.at(channelfile.FileName(workload.Header))
	return name, os.WriteFile(name, data, 0o644)
}

func (e *env) worstContent() (string, error) {
	name, err := e.writeWorst(pick(e, 128<<20, 4<<20)) // the programs share half of it
	if err != nil {
		return "", err
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	saw := []string{megabytes(info.Size()) + " of content"}
	x, err := e.expect(process{args: e.check(name), timeout: 15 * time.Minute}, accepted, undecided)
	saw = append(saw, fmt.Sprintf("by default status %d after %.1f s with %s", x.status, x.took.Seconds(), megabytes(x.memory)))
	if err != nil {
		return strings.Join(saw, "; "), err
	}
	limit := pick(e, "1000000000", "1000000")
	x, err = e.expect(process{args: e.check("--max-steps", limit, name), timeout: 15 * time.Minute}, undecided)
	saw = append(saw, fmt.Sprintf("with --max-steps %s status %d after %.1f s with %s", limit, x.status, x.took.Seconds(), megabytes(x.memory)))
	if err == nil && !strings.Contains(x.stdout, "steps") {
		err = fmt.Errorf("the report does not name the work limit: %.300s", x.stdout)
	}
	return strings.Join(saw, "; "), err
}

func (e *env) littleMemory() (string, error) {
	b := workload.File(pick(e, 380_000, 60_000), 1)
	name := e.at(channelfile.FileName(workload.Header))
	if err := os.WriteFile(name, b, 0o644); err != nil {
		return "", err
	}
	var saw []string
	blocked := func(how string, p process) error {
		p.args, p.timeout = e.check("--format", "json", name), 5*time.Minute
		x, err := e.start(p)
		if err != nil {
			return err
		}
		saw = append(saw, fmt.Sprintf("%s: status %d", how, x.status))
		switch x.status {
		case rejected:
			return fmt.Errorf("%s: good content is rejected", how)
		case accepted:
			v, err := readVerdict([]byte(x.stdout))
			if err != nil || v.Verdict != "accepted" {
				return fmt.Errorf("%s: status 0 and %q, %v", how, v.Verdict, err)
			}
		}
		return nil
	}
	for _, limit := range []string{"200", "100", "50"} {
		err := blocked("data of at most "+limit+" MB", process{wrapper: []string{"prlimit", "--data=" + limit + "000000"}})
		if err != nil {
			return strings.Join(saw, "; "), err
		}
	}
	group, err := newMemoryGroup(128 << 20)
	if err != nil {
		saw = append(saw, fmt.Sprintf("no control group: %v", err))
		return strings.Join(saw, "; "), nil
	}
	defer group.remove()
	err = blocked("a control group of 128 MiB", process{wrapper: []string{"sh", "-c", `echo $$ >"$0"/cgroup.procs && exec "$@"`, group.path}})
	return strings.Join(saw, "; "), err
}

// A memoryGroup is a control group whose processes share a memory limit.
type memoryGroup struct{ path string }

func newMemoryGroup(limit int) (*memoryGroup, error) {
	path := ""
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/memory"} {
		candidate := filepath.Join(root, "cfcheck-faults")
		if err := os.Mkdir(candidate, 0o755); err != nil && !os.IsExist(err) {
			continue
		}
		for _, file := range []string{"memory.max", "memory.limit_in_bytes"} {
			if os.WriteFile(filepath.Join(candidate, file), fmt.Appendf(nil, "%d", limit), 0o644) == nil {
				path = candidate
			}
		}
		if path != "" {
			break
		}
		os.Remove(candidate)
	}
	if path == "" {
		return nil, fmt.Errorf("this machine cannot make a group with a memory limit")
	}
	os.WriteFile(filepath.Join(path, "memory.swap.max"), []byte("0"), 0o644) // optional
	return &memoryGroup{path}, nil
}

func (g *memoryGroup) remove() { os.Remove(g.path) }

func (e *env) manyFindings() (string, error) {
	n := pick(e, 1_000_000, 20_000)
	last := len(workload.Inputs) - 1
	b := channelfile.NewBuilder(workload.Header)
	for i := range n {
		id := channelfile.ID{0, 0, 0, 2, 12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
		if err := b.Add(id, channelfile.Equals(last, fmt.Sprintf("value %d", i)), nil); err != nil {
			return "", err
		}
	}
	data, err := b.Encode()
	if err != nil {
		return "", err
	}
	fleet := workload.Fleet(1, 1)
	for i := range fleet.Contracts {
		for k := range fleet.Contracts[i].Supplies {
			s := &fleet.Contracts[i].Supplies[k]
			s.Inputs = append([]sensor.SuppliedInput(nil), s.Inputs[:last]...)
		}
	}
	doc, err := fleet.JSON()
	if err != nil {
		return "", err
	}
	name := e.at(channelfile.FileName(workload.Header))
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(e.at("fleet.json"), doc, 0o644); err != nil {
		return "", err
	}
	var saw []string
	for _, format := range []string{"text", "json"} {
		x, err := e.expect(process{args: []string{"check", "--fleet", e.at("fleet.json"), "--types", e.types, "--format", format, name}, timeout: 10 * time.Minute}, rejected)
		if err != nil {
			return strings.Join(saw, "; "), err
		}
		if format == "json" && !strings.Contains(x.stdout, fmt.Sprintf(`"CF3001": %d`, n)) {
			return strings.Join(saw, "; "), fmt.Errorf("the report does not count %d findings of CF3001", n)
		}
		saw = append(saw, fmt.Sprintf("%s: %.1f MiB, %.1f s, %s", format, float64(len(x.stdout))/(1<<20), x.took.Seconds(), megabytes(x.memory)))
		if len(x.stdout) > 16<<20 {
			return strings.Join(saw, "; "), errOver
		}
	}
	return fmt.Sprintf("%s findings: %s", numeral.Thousands(uint64(n)), strings.Join(saw, "; ")), nil
}
