package main

import (
	"bufio"
	"embed"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
)

//go:embed native
var sources embed.FS

// The engines in C++. Each is a process of native/scan.cc.
var (
	hyperscanAccess = &engine{name: "Hyperscan, access criteria"}
	hyperscanAll    = &engine{name: "Hyperscan, all criteria", most: slow}
	re2Set          = &engine{name: "RE2::Set, all criteria"}
)

// buildNative builds the programs in a folder that has the sources. It completes the engines, or
// notes why one is missing.
func buildNative(dir string) {
	for _, p := range []struct {
		name, pkg string
		args      []string
		engines   []*engine
	}{
		{"hyperscan", "libhyperscan-dev", []string{"-DHYPERSCAN", "-lhs"}, []*engine{hyperscanAccess, hyperscanAll}},
		{"re2", "libre2-dev", nil, []*engine{re2Set}},
	} {
		program, err := buildCC(dir, p.name, "scan.cc", append(p.args, "-lre2", "-lpthread")...)
		for _, e := range p.engines {
			e.version = debianVersion(p.pkg)
			if err != nil {
				e.missing = fmt.Sprintf("it needs g++, libre2-dev and %s: %v", p.pkg, err)
			}
			e.build = func(c *content) (runner, error) { return startNative(c, program, dir, e == hyperscanAccess) }
		}
	}
}

// buildCC builds a C++ program from a source in the folder native, and returns its path.
func buildCC(dir, name, source string, args ...string) (string, error) {
	program := filepath.Join(dir, name)
	args = append([]string{"-std=c++17", "-O2", "-I", dir, "-o", program, filepath.Join(dir, "native", source)}, args...)
	out, err := exec.Command("g++", args...).CombinedOutput()
	if err != nil {
		first, _, _ := strings.Cut(string(out), "\n")
		return "", fmt.Errorf("%w %s", err, first)
	}
	return program, nil
}

// generateFlatBuffers writes the C++ header of the schema.
func generateFlatBuffers(dir string) error {
	out, err := exec.Command("flatc", "--cpp", "-o", dir, filepath.Join(dir, "native", "rules.fbs")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w %s", err, out)
	}
	return nil
}

// debianVersion returns the version of an installed package of Debian, or an empty string.
func debianVersion(name string) string {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", name).Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// A nativeRunner is a process that obeys the commands in native/scan.cc.
type nativeRunner struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	whole bool
	built time.Duration
}

func startNative(c *content, program, dir string, access bool) (runner, error) {
	file := filepath.Join(dir, "content")
	if err := writeNative(file, c, access); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	n := &nativeRunner{cmd: cmd, in: in, out: bufio.NewReader(out), whole: c.whole}
	if _, err := fmt.Fscanf(n.out, "built %d\n", &n.built); err != nil {
		return nil, fmt.Errorf("%w, and %w", err, n.Close())
	}
	return n, nil
}

func (n *nativeRunner) Answers(budget time.Duration) ([][]int, error) {
	if _, err := fmt.Fprintf(n.in, "answers %d\n", budget); err != nil {
		return nil, err
	}
	var events int
	if _, err := fmt.Fscan(n.out, &events); err != nil {
		return nil, err
	}
	list := make([][]int, events)
	for i := range list {
		var count int
		if _, err := fmt.Fscan(n.out, &count); err != nil {
			return nil, err
		}
		for range count {
			var rule int
			if _, err := fmt.Fscan(n.out, &rule); err != nil {
				return nil, err
			}
			list[i] = append(list[i], rule)
		}
	}
	return list, nil
}

func (n *nativeRunner) Run(budget time.Duration) (events int, used time.Duration, err error) {
	whole := 0
	if n.whole {
		whole = 1
	}
	if _, err := fmt.Fprintf(n.in, "run %d %d\n", budget, whole); err != nil {
		return 0, 0, err
	}
	_, err = fmt.Fscan(n.out, &events, &used)
	return events, used, err
}

func (n *nativeRunner) Close() error {
	if err := n.in.Close(); err != nil {
		return err
	}
	return n.cmd.Wait()
}

// writeNative writes rules and events in the form that native/scan.cc reads: numbers of 64 bits in
// little-endian byte order, and texts after their lengths.
func writeNative(name string, c *content, access bool) error {
	var b []byte
	number := func(n int) { b = binary.LittleEndian.AppendUint64(b, uint64(n)) }
	text := func(s string) { number(len(s)); b = append(b, s...) }
	flag := func(set bool) {
		if set {
			number(1)
		} else {
			number(0)
		}
	}
	r := c.rules // a content without events will do, too
	leading, scanned := r.leading(access)
	number(len(r.names))
	number(len(r.criteria))
	for i := range r.criteria {
		k := &r.criteria[i]
		flags := 0
		for bit, set := range []bool{k.folded, k.all, scanned[i]} {
			if set {
				flags |= 1 << bit
			}
		}
		number(k.input)
		number(int(k.operator))
		number(flags)
		number(len(k.texts))
		for _, t := range k.texts {
			text(t)
			text(scanExpression(k.operator, t))
		}
		number(len(k.numbers))
		for _, n := range k.numbers {
			number(int(n[0]))
			number(int(n[1]))
		}
		number(len(k.addresses))
		for _, a := range k.addresses {
			text(a[0])
			text(a[1])
		}
		number(len(k.others))
		for _, o := range k.others {
			number(o)
		}
	}
	number(len(r.conditions))
	for i, n := range r.conditions {
		words := postfix(nil, n)
		number(len(words))
		for _, w := range words {
			number(w[0])
			number(w[1])
		}
		number(len(leading[i]))
		for _, k := range leading[i] {
			number(k)
		}
	}
	number(c.first)
	number(len(c.values))
	for _, event := range c.values {
		for i := range event {
			v := &event[i]
			flag(v.present)
			flag(v.isNumber)
			number(int(v.number))
			text(v.text)
			text(v.folded)
			text(v.address)
		}
	}
	return os.WriteFile(name, b, 0o600)
}

// postfix appends the words of a condition: kind, and criterion or number of operands.
func postfix(words [][2]int, n node) [][2]int {
	const reference, negated, and, or = 0, 1, 2, 3
	switch {
	case n.criterion >= 0 && n.negated:
		return append(words, [2]int{negated, n.criterion})
	case n.criterion >= 0:
		return append(words, [2]int{reference, n.criterion})
	}
	for _, child := range n.children {
		words = postfix(words, child)
	}
	if n.and {
		return append(words, [2]int{and, len(n.children)})
	}
	return append(words, [2]int{or, len(n.children)})
}

// scanExpression returns a regular expression that matches the texts for which the comparison
// holds.
func scanExpression(op channelfile.Operator, operand string) string {
	switch op {
	case channelfile.OpPrefix:
		return `(?s)\A` + regexp.QuoteMeta(operand)
	case channelfile.OpSuffix:
		return `(?s)` + regexp.QuoteMeta(operand) + `\z`
	case channelfile.OpContains:
		return `(?s)` + regexp.QuoteMeta(operand)
	case channelfile.OpPattern:
		return expression(operand)
	case channelfile.OpRegexp:
		return operand
	}
	return ""
}

// leading returns for each rule the criteria of which one must hold, and the criteria that are
// scanned for. A rule without leading criteria is evaluated for each event. With access, the
// leading criteria are the rarest that suffice, and only these are scanned for. Otherwise all
// criteria on texts are scanned for, and each one leads to its rules.
func (r *rules) leading(access bool) (leading [][]int, scanned []bool) {
	uses := make([]int, len(r.criteria))
	for _, n := range r.conditions {
		for _, w := range postfix(nil, n) {
			if w[0] <= 1 {
				uses[w[1]]++
			}
		}
	}
	scanned = make([]bool, len(r.criteria))
	for i := range r.criteria {
		scanned[i] = !access && r.criteria[i].scannable()
	}
	leading = make([][]int, len(r.conditions))
	for i, n := range r.conditions {
		list, rarity := r.required(n, uses)
		if rarity == 0 {
			continue
		}
		if !access {
			list = r.positive(nil, n)
		}
		for _, k := range list {
			scanned[k] = true
		}
		leading[i] = list
	}
	return leading, scanned
}

// scannable reports whether the criterion can be found by scanning.
func (c *criterion) scannable() bool { return len(c.texts) > 0 }

// positive appends the criteria of a condition that can be scanned for, without the negated ones.
func (r *rules) positive(list []int, n node) []int {
	if n.criterion >= 0 {
		if !n.negated && r.criteria[n.criterion].scannable() {
			list = append(list, n.criterion)
		}
		return list
	}
	for _, child := range n.children {
		list = r.positive(list, child)
	}
	return list
}

// required returns criteria of which one must hold if the condition holds, and an estimate of how
// rare that is. The rarity is 0 if there are no such criteria.
func (r *rules) required(n node, uses []int) (list []int, rarity int) {
	if n.criterion >= 0 {
		if n.negated || !r.criteria[n.criterion].scannable() {
			return nil, 0
		}
		return []int{n.criterion}, r.criteria[n.criterion].rarity(uses[n.criterion])
	}
	for i, child := range n.children {
		l, x := r.required(child, uses)
		switch {
		case n.and && x > rarity:
			list, rarity = l, x
		case !n.and && (i == 0 || x < rarity):
			list, rarity = append(list, l...), x
		case !n.and:
			list = append(list, l...)
		}
	}
	return list, rarity
}

// rarity estimates how rarely the criterion holds: by the shortest of its texts, and by the number
// of rules that share it.
func (c *criterion) rarity(uses int) int {
	least := 40
	for _, t := range c.texts {
		n := len(strings.Trim(t, "*"))
		if c.operator == channelfile.OpPattern || c.operator == channelfile.OpRegexp {
			n /= 2
		}
		least = min(least, n)
	}
	return max(1, 2*least+40-6*bits.Len(uint(uses)))
}
