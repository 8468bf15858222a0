//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
)

func inputTrials() []trial {
	return []trial{
		{"L8", "files and folders without permission, a missing file, 16 file descriptors, a folder in the way of the report", "status 2, with the name of the file; all other files are judged", (*env).unreadable},
		{"L9", "a FIFO, a socket, a device, a folder, links, a loop of links, a file of /proc", "refused, in less than 100 ms of processor time", (*env).irregular},
		{"L10", "the file is replaced, truncated and written over while it is read", "the digest in the report belongs to one of the contents, and the verdict is right for this content", (*env).races},
		{"L12", "other numbers of processors, languages, time zones, folders, orders of creation", "the report has the same bytes", (*env).surroundings},
		{"L14", "names with newlines, escapes, 255 bytes, bytes that are not UTF-8", "nothing of it reaches a terminal as it is", (*env).hostileNames},
		{"L18", "the time of day is 1970, 2106 and 9999", "the verdict is the same", (*env).otherTimes},
	}
}

func (e *env) unreadable() (string, error) {
	var saw []string
	try := func(what, names string, p process) error {
		x, err := e.expect(p, undecided)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if !strings.Contains(x.stdout+x.stderr, names) {
			return fmt.Errorf("%s: %q is not named in: %s%s", what, names, x.stdout, x.stderr)
		}
		saw = append(saw, what)
		return nil
	}
	// Root may read all files, so another user starts the runs.
	var attr *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	for _, dir := range []string{e.dir, e.folder} {
		if err := os.Chmod(dir, 0o755); err != nil {
			return "", err
		}
	}
	secret, closed := e.at(filepath.Base(e.good)), e.at("closed")
	data, err := os.ReadFile(e.good)
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(secret, data, 0o000), os.Mkdir(closed, 0o000), os.Mkdir(e.at("report.json"), 0o755)); err != nil {
		return "", err
	}
	err = errors.Join(
		try("a file without permission", filepath.Base(secret), process{args: e.check(secret, e.good), attr: attr}),
		try("a folder without permission", "closed", process{args: e.check(closed, e.good), attr: attr}),
		try("a missing file", "missing.cf", process{args: e.check("missing.cf", e.good)}),
		try("a missing fleet", "none.json", process{args: []string{"check", "--fleet", e.at("none.json"), e.good}}),
		try("a folder in the way of the report", "report.json", process{args: e.check("--out", e.at("report.json"), e.good)}),
		try("a report in a folder that is not there", "absent", process{args: e.check("--out", e.at("absent/report.json"), e.good)}),
	)
	if err != nil {
		return "", err
	}
	// The other file is judged nevertheless.
	x, err := e.expect(process{args: e.check("missing.cf", e.good)}, undecided)
	if err != nil || !strings.Contains(x.stdout, "accepted  "+e.good) {
		return "", fmt.Errorf("the other files are not judged: %v %s", err, x.stdout)
	}
	x, err = e.start(process{args: e.check(e.good), wrapper: []string{"sh", "-c", `ulimit -n 16 && exec "$@"`, "sh"}})
	if err != nil || x.status == rejected {
		return "", fmt.Errorf("16 file descriptors: %v, %v", x, err)
	}
	saw = append(saw, fmt.Sprintf("16 file descriptors (status %d)", x.status))
	return strings.Join(saw, "; "), nil
}

func (e *env) irregular() (string, error) {
	fifo, socket, loop, file := e.at("fifo.cf"), e.at("socket.cf"), e.at("loop.cf"), e.at("file")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o644), os.Symlink(loop, loop), os.WriteFile(file, nil, 0o644)); err != nil {
		return "", err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return "", err
	}
	defer listener.Close()
	var saw []string
	var slowest time.Duration
	for _, name := range []string{fifo, socket, "/dev/zero", "/dev/null", loop, file + "/below", "/proc/self/mem", "/proc/self/stat"} {
		for _, args := range [][]string{e.check("--", name), {"check", "--fleet", name, "--", e.good}, {"check", "--fleet", e.fleet, "--types", name, "--", e.good}, {"check", "--fleet", e.fleet, "--known-good", name, "--", e.good}} {
			x, err := e.expect(process{args: args}, rejected, undecided)
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			slowest = max(slowest, x.cpu)
		}
		saw = append(saw, filepath.Base(name))
	}
	if slowest > 100*time.Millisecond {
		return fmt.Sprintf("slowest %v", slowest), errOver
	}
	return fmt.Sprintf("%s, as content, fleet, types and events; the slowest took %d ms", strings.Join(saw, ", "), slowest.Milliseconds()), nil
}

func (e *env) races() (string, error) {
	name := e.at(filepath.Base(e.good))
	good, err := os.ReadFile(e.good)
	if err != nil {
		return "", err
	}
	bad := append([]byte(nil), good...)
	bad[len(bad)-1] ^= 1
	contents := map[string]string{digestOf(good): "accepted", digestOf(bad): "rejected"}
	if err := os.WriteFile(name, good, 0o644); err != nil {
		return "", err
	}
	var stop atomic.Bool
	var swaps atomic.Int64
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; !stop.Load() && err == nil; i++ {
			data := good
			if i%2 == 1 {
				data = bad
			}
			switch i % 3 {
			case 0, 1: // replaced atomically
				if err = os.WriteFile(e.at("next"), data, 0o644); err == nil {
					err = os.Rename(e.at("next"), name)
				}
			default: // overwritten in place: truncated, then written
				err = os.WriteFile(name, data, 0o644)
			}
			swaps.Add(1)
		}
		done <- err
	}()
	n := pick(e, 5000, 100)
	seen := map[string]int{}
	var failure error
	for i := 0; i < n && failure == nil; i++ {
		x, err := e.start(process{args: e.check("--format", "json", name)})
		if err != nil {
			failure = err
			break
		}
		v, err := readVerdict([]byte(x.stdout))
		switch {
		case err != nil:
			failure = err
		case len(v.Results) != 1:
			failure = fmt.Errorf("%d results", len(v.Results))
		default:
			r := v.Results[0]
			want, whole := contents[r.Digest]
			seen[r.Verdict]++
			// The run may read a file that is cut short or partly overwritten.
			// The report has the digest of the content that the run read. The run
			// must not accept this content.
			if whole && r.Verdict != want || !whole && r.Verdict == "accepted" {
				failure = fmt.Errorf("digest %s: %s; expected %q", r.Digest, r.Verdict, want)
			}
		}
	}
	stop.Store(true)
	if err := errors.Join(failure, <-done); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d runs against %d changes of the file: %d accepted, %d rejected, %d undecided, each with the digest of the content judged", n, swaps.Load(), seen["accepted"], seen["rejected"], seen["undecided"]), nil
}

func (e *env) surroundings() (string, error) {
	root := e.at("content")
	write := func(backwards bool) error {
		if err := os.RemoveAll(root); err != nil {
			return err
		}
		if err := os.Mkdir(root, 0o755); err != nil {
			return err
		}
		for i := range 40 {
			k := i
			if backwards {
				k = 39 - i
			}
			h := workload.Header
			h.Revision = uint32(k + 1)
			b := channelfile.NewBuilder(h)
			for id, condition := range workload.Instances(20, uint64(k)) {
				if err := b.Add(id, condition, nil); err != nil {
					return err
				}
			}
			data, err := b.Encode()
			if err != nil {
				return err
			}
			if k%5 == 0 {
				data[len(data)-1] ^= 1
			}
			if err := os.WriteFile(filepath.Join(root, channelfile.FileName(h)), data, 0o644); err != nil {
				return err
			}
		}
		return nil
	}
	reports := map[string]int{}
	runs := 0
	for _, backwards := range []bool{false, true} {
		if err := write(backwards); err != nil {
			return "", err
		}
		for _, surroundings := range []string{"GOMAXPROCS=1", "GOMAXPROCS=2", "GOMAXPROCS=7", "GOMAXPROCS=64", "TZ=Asia/Kolkata", "LANG=tr_TR.UTF-8", "LC_ALL=C", "GODEBUG=randomizedmapiteration=1", "GOGC=1", "HOME=/nowhere", "COLUMNS=20", "TERM=dumb", "NO_COLOR=1"} {
			for _, dir := range []string{"/", e.folder} {
				for _, format := range []string{"text", "json"} {
					x, err := e.expect(process{args: e.check("--now", "2026-06-01", "--format", format, root), env: append(os.Environ(), surroundings), dir: dir}, rejected)
					if err != nil {
						return "", fmt.Errorf("%s: %w", surroundings, err)
					}
					reports[format+digestOf([]byte(x.stdout))]++
					runs++
				}
			}
		}
	}
	if len(reports) != 2 {
		return "", fmt.Errorf("%d different reports of %d runs in two forms", len(reports), runs)
	}
	return fmt.Sprintf("%d runs, one report of each form", runs), nil
}

func (e *env) hostileNames() (string, error) {
	good, err := os.ReadFile(e.good)
	if err != nil {
		return "", err
	}
	list := []string{"a\nb.cf", "::error file=x,line=1::forged.cf", "\x1b[2J\x1b[31mred.cf", strings.Repeat("n", 252) + ".cf", "\xff\xfe\x80.cf", "\u202egnp.cf", "\u0085next.cf", "]]>.cf", "a\rb.cf", "tab\t.cf", "\u200bzero.cf", "--help.cf", " .cf"}
	for _, name := range list {
		if err := os.WriteFile(e.at(name), good, 0o644); err != nil {
			return "", fmt.Errorf("%q: %w", name, err)
		}
	}
	for _, format := range []string{"text", "json"} {
		for _, p := range []process{{args: e.check("--format", format, e.folder)}, {args: append(e.check("--format", format, "--"), list...), dir: e.folder}} {
			x, err := e.expect(p, accepted, rejected)
			if err != nil {
				return "", err
			}
			for i, line := range strings.Split(x.stdout+x.stderr, "\n") {
				if strings.HasPrefix(line, "::") {
					return "", fmt.Errorf("line %d is a command of a workflow: %q", i+1, line)
				}
				for _, r := range line {
					if r != '\t' && !unicode.IsPrint(r) || r == unicode.ReplacementChar && format == "text" {
						return "", fmt.Errorf("%s, line %d has %U: %q", format, i+1, r, line)
					}
				}
			}
			if format == "json" {
				v, err := readVerdict([]byte(x.stdout))
				if err != nil || len(v.Results) != len(list) {
					return "", fmt.Errorf("%d results of %d files, %v", len(v.Results), len(list), err)
				}
			}
		}
	}
	return fmt.Sprintf("%d names, in a folder and as arguments, as text and as JSON", len(list)), nil
}

func (e *env) otherTimes() (string, error) {
	n := 0
	for _, now := range []string{"1970-01-01", "2026-01-01", "2038-01-20", "2106-02-08", "9999-12-31"} {
		for name, status := range map[string]int{e.good: accepted, e.bad: rejected} {
			if _, err := e.expect(process{args: e.check("--now", now, name)}, status); err != nil {
				return "", fmt.Errorf("%s: %w", now, err)
			}
			n++
		}
	}
	return fmt.Sprintf("%d runs, by --now: the process takes the clock for nothing else", n), nil
}
