package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/cfcheck/cfcheck/bench/rulespb"
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
	"google.golang.org/protobuf/proto"
)

// reading compares readers of the same rules in other formats with channelfile.Parse, which checks
// everything that a reader of a channel file depends on.
func (o options) reading() (out results, err error) {
	const rounds = 7
	file := workload.File(o.instances, 1)
	f, err := channelfile.Parse(file)
	if err != nil {
		return out, err
	}
	r, err := rulesOf(f)
	if err != nil {
		return out, err
	}
	message := messageOf(f, r)
	criteria := criteriaOf(message)
	encoded, err := proto.Marshal(message)
	if err != nil {
		return out, err
	}
	decoded := func(m *rulespb.File, err error) error {
		if n := criteriaOf(m); err == nil && n != criteria {
			err = fmt.Errorf("%d criteria were decoded; expected %d", n, criteria)
		}
		return err
	}
	tasks := []task{
		{"cfcheck", timed(func() error { _, err := channelfile.Parse(file); return err })},
		{"vtprotobuf, UnmarshalVTUnsafe", timed(func() error {
			var m rulespb.File
			err := m.UnmarshalVTUnsafe(encoded)
			return decoded(&m, err)
		})},
		{"vtprotobuf, UnmarshalVT", timed(func() error {
			var m rulespb.File
			err := m.UnmarshalVT(encoded)
			return decoded(&m, err)
		})},
		{"protobuf-go, Unmarshal", timed(func() error {
			var m rulespb.File
			err := proto.Unmarshal(encoded, &m)
			return decoded(&m, err)
		})},
	}
	notes := []string{"", size(len(encoded)), size(len(encoded)), size(len(encoded))}
	out.versions = []string{"protobuf-go " + moduleVersion("google.golang.org/protobuf"), "vtprotobuf " + moduleVersion("github.com/planetscale/vtprotobuf")}
	v, err := startVerifier(o.dir, r)
	if err != nil {
		out.missing = append(out.missing, fmt.Sprintf("the verifier of FlatBuffers was not measured: it needs g++, flatbuffers-compiler and libflatbuffers-dev: %v", err))
	} else {
		defer v.close()
		if v.criteria != criteria {
			return out, fmt.Errorf("the FlatBuffer has %d criteria; expected %d", v.criteria, criteria)
		}
		tasks = append(tasks, task{"FlatBuffers, Verifier", v.verify})
		notes = append(notes, size(v.bytes))
		out.versions = append(out.versions, "FlatBuffers "+debianVersion("libflatbuffers-dev"))
	}
	times, err := inTurns(tasks, rounds)
	if err != nil {
		return out, err
	}
	for i, t := range tasks[1:] {
		out.rows = append(out.rows, row{
			work: fmt.Sprintf("reading %d rules", o.instances), peer: t.name, theirs: median(times[i+1]), ours: median(times[0]),
			note: fmt.Sprintf("%s, cfcheck %s", notes[i+1], size(len(file))),
		})
	}
	return out, nil
}

func size(bytes int) string { return digits(float64(bytes)/1e6) + " MB" }

func criteriaOf(m *rulespb.File) (n int) {
	for _, r := range m.GetRules() {
		n += len(r.GetCriteria())
	}
	return n
}

// messageOf returns the rules as a message. Each rule has its own criteria, as such formats have.
func messageOf(f *channelfile.File, r *rules) *rulespb.File {
	const operators = 1 << 20
	out := &rulespb.File{}
	for i, n := range r.conditions {
		id := f.Instance(i).ID
		rule := &rulespb.Rule{Id: id[:]}
		for _, w := range postfix(nil, n) {
			if w[0] > 1 {
				rule.Words = append(rule.Words, uint32(operators+2*w[1]+w[0]-2))
				continue
			}
			c := &r.criteria[w[1]]
			m := &rulespb.Criterion{Input: uint32(c.input), Operator: uint32(c.operator), Texts: c.texts}
			if c.folded {
				m.Flags |= 1
			}
			if c.all {
				m.Flags |= 2
			}
			for _, x := range c.numbers {
				m.Numbers = append(m.Numbers, &rulespb.Range{Least: x[0], Greatest: x[1]})
			}
			for _, a := range c.addresses {
				m.Addresses = append(m.Addresses, a[0]+"-"+a[1])
			}
			rule.Words = append(rule.Words, uint32(2*len(rule.Criteria)+w[0]))
			rule.Criteria = append(rule.Criteria, m)
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

// A verifier is a process of native/verify.cc.
type verifier struct {
	cmd             *exec.Cmd
	in              io.WriteCloser
	out             *bufio.Reader
	bytes, criteria int
}

func startVerifier(dir string, r *rules) (*verifier, error) {
	if err := generateFlatBuffers(dir); err != nil {
		return nil, err
	}
	program, err := buildCC(dir, "verify", "verify.cc")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "content")
	if err := writeNative(file, &content{rules: r}, true); err != nil {
		return nil, err
	}
	v := &verifier{cmd: exec.Command(program, file)}
	if v.in, err = v.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := v.cmd.Start(); err != nil {
		return nil, err
	}
	v.out = bufio.NewReader(out)
	_, err = fmt.Fscanf(v.out, "%d %d\n", &v.bytes, &v.criteria)
	return v, err
}

// verify lets the process verify the buffer once. It returns the processor time of the process.
func (v *verifier) verify() (used time.Duration, err error) {
	if _, err := fmt.Fprintln(v.in); err != nil {
		return 0, err
	}
	_, err = fmt.Fscanf(v.out, "%d\n", &used)
	return used, err
}

func (v *verifier) close() {
	v.in.Close()
	v.cmd.Wait()
}
