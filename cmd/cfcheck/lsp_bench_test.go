package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/internal/lspclient"
)

// ruleOf returns rule n of a folder for the benchmark. The rules differ, and read fields that
// the reference fleet has.
func ruleOf(n int) string {
	var values strings.Builder
	for i := range 4 + n%9 {
		fmt.Fprintf(&values, "      - '\\tool%d-%d.exe'\n", n, i)
	}
	return fmt.Sprintf(`title: Rule %d
id: 7d4b3f4e-0d0c-4a0e-9d2d-%012x
status: test
description: a rule of the benchmark
author: cfcheck
date: 2026-01-31
tags:
  - attack.execution
logsource:
  category: process_creation
  product: windows
detection:
  selection_img:
    Image|endswith:
%s  selection_cli:
    CommandLine|contains|all:
      - 'argument%d'
      - '-x '
  filter_main:
    ParentImage|startswith: 'C:\Program Files\Vendor%d\'
  condition: all of selection_* and not filter_main
falsepositives:
  - unknown
level: high
`, n, n+1, &values, n, n)
}

// BenchmarkLSP measures the time from a key until the client has the findings of the file, and
// until it has those of the set, on a folder of 3,000 rules. Each key makes a fault or corrects
// it. A second rule that matches the same events shows the end of a judgement of the set.
//
//	go test ./cmd/cfcheck -run '^$' -bench LSP -benchtime 20x
func BenchmarkLSP(b *testing.B) {
	root := b.TempDir()
	for n := range 3000 {
		name := filepath.Join(root, fmt.Sprintf("rules/%02d/%d.yml", n%40, n))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(ruleOf(n)), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	b.Chdir(root)
	c := lspclient.Start(func(in io.Reader, out io.Writer) error {
		var stderr bytes.Buffer
		if status := run([]string{"lsp", "--fleet", "reference"}, in, out, &stderr); status != 0 {
			return fmt.Errorf("status %d: %s", status, &stderr)
		}
		return nil
	})
	defer c.Vanish()
	if err := c.Initialize(root, nil); err != nil {
		b.Fatal(err)
	}
	uri := lspclient.URI(filepath.Join(root, "rules/08/8.yml"))
	good := ruleOf(8)
	bad := strings.Replace(good, "CommandLine|", "CommandLin|", 1)
	// The same events as rule 7, by another ID.
	twin := strings.Replace(ruleOf(7), fmt.Sprintf("%012x", 8), fmt.Sprintf("%012x", 9), 1)
	has := func(check string) func(*lspclient.View) bool {
		return func(v *lspclient.View) bool {
			return slices.ContainsFunc(v.Published[uri].Diagnostics, func(d lspclient.Diagnostic) bool { return d.Code == check })
		}
	}
	without := func(check string) func(*lspclient.View) bool {
		return func(v *lspclient.View) bool { _, ok := v.Published[uri]; return ok && !has(check)(v) }
	}
	version := 1
	wait := func(text string, ready func(*lspclient.View) bool) time.Duration {
		version++
		begin := time.Now()
		if err := c.Replace(uri, version, text); err != nil {
			b.Fatal(err)
		}
		if err := c.Wait(time.Minute, ready); err != nil {
			v := c.View()
			b.Fatalf("%v: %+v %q", err, v.Published[uri], v.Logged)
		}
		return time.Since(begin)
	}
	if err := c.Open(uri, good); err != nil {
		b.Fatal(err)
	}
	wait(twin, has("CF4006"))
	wait(good, without("CF4006"))
	var file, set []time.Duration
	for b.Loop() {
		file = append(file, wait(bad, has("CF2005")), wait(good, without("CF2005")))
		set = append(set, wait(twin, has("CF4006")), wait(good, without("CF4006")))
	}
	for _, m := range []struct {
		name  string
		times []time.Duration
	}{{"file", file}, {"set", set}} {
		slices.Sort(m.times)
		b.ReportMetric(float64(m.times[len(m.times)/2].Microseconds())/1000, "ms/"+m.name+"-median")
		b.ReportMetric(float64(m.times[len(m.times)-1].Microseconds())/1000, "ms/"+m.name+"-max")
	}
	b.ReportMetric(0, "ns/op")
}
