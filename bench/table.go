package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// A row is one comparison of the table.
type row struct {
	work, peer string
	theirs     float64 // nanoseconds of one unit of the work
	ours       float64
	note       string
}

// key names the ratio of a row among the recorded ones.
func (r *row) key() string { return r.work + " / " + r.peer }

// ratio is how many times as long as cfcheck the peer takes.
func (r *row) ratio() float64 { return r.theirs / r.ours }

func printTable(w io.Writer, rows []row) {
	fmt.Fprintf(w, "| work | compared with | its time | cfcheck | ratio | |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", r.work, r.peer, duration(r.theirs), duration(r.ours), digits(r.ratio()), r.note)
	}
}

// duration returns nanoseconds in a unit that suits them.
func duration(ns float64) string {
	switch {
	case ns < 1e6:
		return digits(ns/1e3) + " µs"
	case ns < 1e9:
		return digits(ns/1e6) + " ms"
	}
	return digits(ns/1e9) + " s"
}

// digits returns a number with two or three digits that count.
func digits(x float64) string {
	switch {
	case x < 0.1:
		return fmt.Sprintf("%.4f", x)
	case x < 10:
		return fmt.Sprintf("%.2f", x)
	case x < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// matchingRows compares the first standing with the others.
func matchingRows(c *content, list []*standing) (rows []row) {
	for _, s := range list[1:] {
		rows = append(rows, row{
			work: c.name, peer: s.engine.name, theirs: median(s.times), ours: median(list[0].times),
			note: fmt.Sprintf("%d matches in %d events alike; built in %s, cfcheck in %s", s.matches, s.checked, duration(float64(s.building)), duration(float64(list[0].building))),
		})
	}
	return rows
}

// machine describes the machine and the versions of the peers.
func machine(versions []string) string {
	list := []string{fmt.Sprintf("%s, %s %s/%s, one core, processor time, %s", processor(), runtime.Version(), runtime.GOOS, runtime.GOARCH, time.Now().UTC().Format(time.DateOnly))}
	return strings.Join(append(list, versions...), "; ")
}

// moduleVersion returns the version of a module in this program.
func moduleVersion(path string) string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return ""
}
