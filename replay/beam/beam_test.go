package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
)

func TestMain(m *testing.M) {
	flag.Parse()
	beam.Init()
	os.Exit(m.Run())
}

const rules = `title: Pipe seven
id: 5a0c1d2e-0061-4000-8000-cfc0cfc00001
logsource: {product: windows, category: pipe_created}
detection:
  sel: {PipeName|endswith: '7'}
  condition: sel
---
title: Any pipe
id: 5a0c1d2e-0061-4000-8000-cfc0cfc00002
logsource: {product: windows, category: pipe_created}
detection:
  sel: {PipeName|startswith: '\p'}
  condition: sel
---
title: Port
id: 5a0c1d2e-0061-4000-8000-cfc0cfc00003
logsource: {product: windows, category: network_connection}
detection:
  sel: {DestinationPort: 4444}
  condition: sel
---
title: Query
id: 5a0c1d2e-0061-4000-8000-cfc0cfc00004
logsource: {product: windows, category: dns_query}
detection:
  sel: {QueryName|endswith: '.example'}
  condition: sel
`

// write writes a file of n events to a folder, with a bad line, an event without a channel's feed,
// and one of a type without content.
func write(t *testing.T, name string, n int) {
	t.Helper()
	var b bytes.Buffer
	const head = `{"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"h",`
	for i := range n {
		fmt.Fprintf(&b, head+`"EventID":17,"EventData":{"PipeName":"\\p%d","Image":"C:\\a.exe"}}`+"\n", i)
		fmt.Fprintf(&b, head+`"EventID":3,"EventData":{"DestinationPort":"%d"}}`+"\n", 4440+i%10)
	}
	b.WriteString(head + "\n" + head + `"EventID":11,"EventData":{"TargetFilename":"C:\\x"}}` + "\n")
	b.WriteString(`{"EventID":1,"Channel":"Other","Computer":"h","EventData":{}}` + "\n")
	data := b.Bytes()
	if strings.HasSuffix(name, ".gz") {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(data)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		data = packed.Bytes()
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// jobServer starts a job server, as Flink and Spark have, which executes jobs on Prism. It returns
// its address.
func jobServer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := prism.CreateJobServer(t.Context(), prism.Options{Port: address.Port}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("localhost:%d", address.Port)
}

// setFlag sets a flag for the duration of a test.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	t.Cleanup(func() { f.Value.Set(f.DefValue) })
	if err := f.Value.Set(value); err != nil {
		t.Fatal(err)
	}
}

// TestRun runs the pipeline and cfcheck replay on the same files, and compares their outputs and
// exit statuses. The pipeline runs on Prism in this process, and by a job server like Flink's.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	cfcheck := filepath.Join(dir, "cfcheck")
	build := exec.Command("go", "build", "-o", cfcheck, "./cmd/cfcheck")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Chdir(dir)
	for i := range 12 {
		write(t, fmt.Sprintf("events-%02d.ndjson", i), 20*i)
		write(t, fmt.Sprintf("events-%02d.ndjson.gz", i), 7*i)
	}
	for name, data := range map[string]string{"cut.gz": "\x1f\x8b\x08", "rules.yml": rules} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(cfcheck, "build", "rules.yml", "-o", "out").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shipped := strings.NewReplacer("endswith: '7'", "endswith: '17'", "title: Query", "title: Other", "cfc00004", "cfc00009").Replace(rules)
	if err := os.WriteFile("shipped.yml", []byte(shipped), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cfcheck, "build", "shipped.yml", "-o", "shipped").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob("out/*.cf")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d channel files: %v", len(files), err)
	}
	max := uint64(10)
	server := jobServer(t)
	for _, c := range []struct {
		name string
		job  job
		want int // exit status
	}{
		{"all lines accepted", job{events: []string{"events-*.ndjson*"}, examples: 3, maxBadLines: 24}, 0},
		{"too many matches, in JSON", job{events: []string{"events-*.ndjson"}, format: "json", examples: 3, maxBadLines: 24, maxMatches: &max}, 1},
		{"bad lines and files that cannot be read, in JSON", job{events: []string{"cut.gz", "missing", ".", "events-*.gz", "events-1*"}, format: "json", examples: 100}, 2},
		{"no examples, in CSV", job{events: []string{"events-11.ndjson", "events-*"}, format: "csv", maxBadLines: 24}, 0},
		{"fields, in CSV", job{events: []string{"events-0*"}, format: "csv-fields", maxBadLines: 24}, 0},
		{"compared with a release", job{events: []string{"events-*"}, previous: "shipped", examples: 2, maxBadLines: 24}, 0},
		{"compared with a release, in JSON", job{events: []string{"events-*"}, previous: "shipped", format: "json", examples: 2, maxBadLines: 24}, 0},
		{"examples, in CSV", job{events: []string{"events-1*", "events-0*"}, format: "csv", examples: 1, maxBadLines: 24}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.job.format == "" {
				c.job.format = formats[0]
			}
			args := []string{"replay", "--format", c.job.format, "--examples", fmt.Sprint(c.job.examples), "--max-bad-lines", fmt.Sprint(c.job.maxBadLines)}
			if c.job.maxMatches != nil {
				args = append(args, "--max-matches", fmt.Sprint(*c.job.maxMatches))
			}
			if c.job.previous != "" {
				args = append(args, "--previous", c.job.previous)
			}
			for _, e := range c.job.events {
				args = append(args, "--events", e)
			}
			local := exec.Command(cfcheck, slices.Concat(args, files)...)
			want, _ := local.Output()
			if have := local.ProcessState.ExitCode(); have != c.want {
				t.Fatalf("exit status of cfcheck replay: %d, expected %d", have, c.want)
			}
			pipeline := func(t *testing.T) {
				var have bytes.Buffer
				status, err := c.job.run(context.Background(), files, &have)
				if err != nil || status != c.want {
					t.Fatalf("exit status %d, expected %d: %v", status, c.want, err)
				}
				if have.Len() == 0 || !bytes.Equal(have.Bytes(), want) {
					t.Errorf("the pipeline:\n%s\ncfcheck replay:\n%s", &have, want)
				}
			}
			t.Run("Prism", pipeline)
			t.Run("job server", func(t *testing.T) {
				setFlag(t, "runner", "flink")
				setFlag(t, "endpoint", server)
				setFlag(t, "environment_type", "LOOPBACK") // this process is the worker
				c.job.result = filepath.Join(dir, "result")
				pipeline(t)
			})
		})
	}
}

// TestArguments checks that a run that cannot end well does not begin.
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		job   job
		files []string
		want  string
	}{
		{job{events: []string{"x"}, format: "csv"}, nil, "missing argument"},
		{job{format: "csv"}, []string{"x"}, "missing events"},
		{job{events: []string{"x"}, format: "xml"}, []string{"x"}, "-format: found xml"},
		{job{events: []string{"x"}, format: "csv"}, []string{"missing.cf"}, "missing.cf: cannot be read"},
		{job{events: []string{"x"}, format: "csv"}, []string{"go.mod"}, "go.mod: "},
		{job{events: []string{"x"}, format: "csv", previous: "gone"}, []string{"go.mod"}, "-previous: gone: the folder has no channel file"},
	} {
		status, err := c.job.run(context.Background(), c.files, new(bytes.Buffer))
		if status != 2 || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: status %d, %v; expected %q", c.job, c.files, status, err, c.want)
		}
	}
}

// TestStaging checks that content that does not fit in the pipeline is read from a file.
func TestStaging(t *testing.T) {
	b := &bundle{Files: []document{{"large.cf", make([]byte, maxInPipeline)}}}
	if _, err := b.forWorkers(context.Background(), ""); err == nil || !strings.Contains(err.Error(), "-staging") {
		t.Errorf("large content without a folder: %v", err)
	}
	run, err := b.forWorkers(context.Background(), t.TempDir()+"/")
	if err != nil || run.Content != nil {
		t.Fatalf("%d bytes in the pipeline: %v", len(run.Content), err)
	}
	if err := run.Setup(context.Background()); err == nil || !strings.Contains(err.Error(), "large.cf: ") {
		t.Errorf("the worker did not read the content: %v", err)
	}
}
