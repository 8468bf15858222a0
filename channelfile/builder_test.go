package channelfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuilderHeader(t *testing.T) {
	h := Header{Channel: 291, Revision: 32, Type: 7, TypeVersion: 1, InputsDeclared: 21, Created: 1721361600}
	given := h
	given.InputsRead, given.FileSize, given.SectionCount = 1000, 1, 77 // not taken
	b := NewBuilder(given)
	if err := b.Add(testID(1), And(Exists(3), EqualsInput(4, 12)), nil); err != nil {
		t.Fatal(err)
	}
	f := encoded(t, b)
	h.InputsRead, h.FileSize, h.SectionCount = 13, uint32(len(f.Data())), 6
	if diff := cmp.Diff(h, f.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestBuilderHeaderLimits(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		in        Header
		want      string // "" no error
	}{
		{"largest", "each limit is inclusive", Header{Channel: MaxNumber, Revision: MaxNumber, Type: 1<<32 - 1, TypeVersion: MaxNumber, InputsDeclared: MaxInputs, Created: MaxCreated}, ""},
		{"channel", "does not fit a file name", Header{Channel: MaxNumber + 1}, "the channel of the header is 100000000 (MaxNumber is 99999999)"},
		{"revision", "does not fit a file name", Header{Revision: MaxNumber + 1}, "the revision "},
		{"type version", "does not fit a file name", Header{TypeVersion: MaxNumber + 1}, "the type version "},
		{"inputs", "one more than a reader takes", Header{InputsDeclared: MaxInputs + 1}, "MaxInputs is 1024"},
		{"created", "the year 10000", Header{Created: MaxCreated + 1}, "the time of creation "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := NewBuilder(tt.in).Encode()
			if tt.want == "" {
				if err != nil {
					t.Fatalf("%v: %s", err, tt.why)
				}
				if _, err := Parse(data); err != nil {
					t.Errorf("the reader does not agree: %v", err)
				}
				return
			}
			if !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s: %s", err, tt.want, tt.why)
			}
		})
	}
}

// A refused instance leaves nothing behind.
func TestBuilderAddErrors(t *testing.T) {
	origin := &Origin{Rule: "r", Title: "t"}
	for _, tt := range []struct {
		name, why string
		id        ID
		condition Expr
		before    *Origin // of the instance that is there
		origin    *Origin
		want      string
	}{
		{"no ID", "all instances without an ID would be one", ID{}, Exists(0), nil, nil, "instance 00000000-0000-0000-0000-000000000000: the ID is all zero"},
		{"ID twice", "an ID names one instance", testID(1), Exists(0), nil, nil, "an instance with this ID was added before"},
		{"origin", "provenance is for all or for none", testID(2), Exists(0), nil, origin, "has an origin, but the instances before it do not"},
		{"no origin", "provenance is for all or for none", testID(2), Exists(0), origin, nil, "has no origin, but the instances before it do"},
		{"late error", "criteria made before the one that fails are not kept", testID(2), And(Equals(0, "left over"), Exists(9)), nil, nil, "reads input 10 (index 9)"},
		{"late error with uses", "nor are their texts", testID(2), And(Equals(0, "left over").From(1, "left over"), Exists(9)), origin, origin, "reads input 10 (index 9)"},
		{"title not UTF-8", "texts are for people", testID(2), Exists(0), origin, &Origin{Title: "a\xff"}, `the title of its origin is not UTF-8: "a\xff"`},
		{"path not UTF-8", "each text is looked at", testID(2), Exists(0), origin, &Origin{Path: "\xff"}, "the source path of its origin is not UTF-8"},
		{"long author", "more than MaxTextLength", testID(2), Exists(0), origin, &Origin{Author: strings.Repeat("a", MaxTextLength+1)}, "the author of its origin has 65536 bytes"},
		{"use not UTF-8", "texts are for people", testID(2), Exists(0).From(1, "\xff"), origin, origin, "what the author of a criterion wrote is not UTF-8"},
		{"long use", "more than MaxTextLength", testID(2), Exists(0).From(1, strings.Repeat("a", MaxTextLength+1)), origin, origin, "what the author of a criterion wrote has 65536 bytes"},
		{"line of the rule", "lines count from 1", testID(2), Exists(0), origin, &Origin{Line: -1}, "no line -1"},
		{"line of a criterion", "lines count from 1", testID(2), Exists(0).From(-1, ""), origin, origin, "no line -1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := NewBuilder(Header{InputsDeclared: 4})
			if err := b.Add(testID(1), Equals(0, "x").From(5, "there"), tt.before); err != nil {
				t.Fatal(err)
			}
			before := encoded(t, b).Data()
			err := b.Add(tt.id, tt.condition, tt.origin)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %s: %s", err, tt.want, tt.why)
			}
			if !bytes.Equal(encoded(t, b).Data(), before) {
				t.Errorf("the file is another after the error")
			}
		})
	}
}

// An instance that was refused may be mended and added.
func TestBuilderAddAgain(t *testing.T) {
	b := NewBuilder(Header{InputsDeclared: 1})
	if err := b.Add(testID(1), And(Exists(0).From(3, "x"), Exists(1)), &Origin{Title: "x"}); err == nil {
		t.Fatal("no error for an input that is not declared")
	}
	if err := b.Add(testID(1), Exists(0), nil); err != nil {
		t.Fatal(err)
	}
	if f := encoded(t, b); f.HasProvenance() || f.Instances() != 1 {
		t.Errorf("%d instances, provenance %v", f.Instances(), f.HasProvenance())
	}
}

// manyOf returns n different criteria.
func manyOf(n int) []Expr {
	list := make([]Expr, n)
	for i := range list {
		list[i] = Equals(0, fmt.Sprint(i))
	}
	return list
}

// operands returns n different operands.
func operands(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return list
}

// alternating returns and and or nested to the given depth.
func alternating(depth int) Expr {
	e := Exists(0)
	for i := range depth {
		if (depth-i)%2 == 1 { // the outermost is an or, which is written
			e = Or(e, Equals(0, fmt.Sprint(i)))
		} else {
			e = And(e, Equals(0, fmt.Sprint(i)))
		}
	}
	return e
}

func TestBuilderConditionLimits(t *testing.T) {
	double := Exists(0)
	for range 100 {
		double = And(double, double)
	}
	chain := Exists(0)
	for i := range 1000 {
		chain = Or(chain, Equals(0, fmt.Sprint(i)))
	}
	deep := Exists(0)
	for range maxExprDepth - 1 {
		deep = Not(deep)
	}
	for _, tt := range []struct {
		name, why string
		in        Expr
		want      string // "" no error
	}{
		{"stack", "a conjunction as wide as the stack", And(manyOf(MaxStack)...), ""},
		{"stack and one", "a conjunction that is wider", And(manyOf(MaxStack + 1)...), "a stack of more than 1024 truth values"},
		{"or as wide as the stack", "operands count, the operator does not", Or(manyOf(MaxStack)...), ""},
		{"or that is wider", "operands are on the stack before the operator", Or(manyOf(MaxStack + 1)...), "a stack of more than 1024 truth values"},
		{"depth", "16 operators around each other", alternating(MaxDepth), ""},
		{"depth and one", "one more", alternating(MaxDepth + 1), "more than 16 deep"},
		{"depth without the unwritten and", "what is left at the end is an operand of no written and", And(alternating(MaxDepth), Exists(1)), ""},
		{"operands", "as many as a criterion may have", Equals(0, operands(MaxOperands)...), ""},
		{"operands and one", "one more", Equals(0, operands(MaxOperands+1)...), "has 65537 operands"},
		{"operands with one twice", "what is stored counts", Equals(0, append(operands(MaxOperands), "0")...), ""},
		{"chain", "an or of one more each time is one or", chain, ""},
		{"deep", "as deep as an expression may be, though it says little", deep, ""},
		{"too deep", "must not use up the stack", Not(deep), "nested more than 16384 deep"},
		{"doubled", "2 to the 100 parts in 101 nodes must neither overflow nor take without end", double, "has more than 16777216 parts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := NewBuilder(Header{InputsDeclared: 2})
			err := b.Add(testID(1), tt.in, nil)
			if tt.want == "" {
				if err != nil {
					t.Fatalf("%v: %s", err, tt.why)
				}
				encoded(t, b)
				return
			}
			if !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s: %s", err, tt.want, tt.why)
			}
		})
	}
}

// wide returns a condition of exactly the given number of words, which does
// not need much of a stack.
func wide(words int) Expr {
	var list []Expr
	for i := 0; words > 0; i++ {
		n := min(words-1, 1000) // criteria of an or
		if words-1-n == 1 {
			n-- // no or of one
		}
		parts := make([]Expr, n)
		for k := range parts {
			parts[k] = Equals(i, fmt.Sprint(k))
		}
		list = append(list, Or(parts...))
		words -= n + 1
	}
	return And(list...)
}

func TestBuilderWords(t *testing.T) {
	for words, ok := range map[int]bool{MaxWords - 1: true, MaxWords: true, MaxWords + 1: false} {
		b := NewBuilder(Header{InputsDeclared: MaxInputs})
		err := b.Add(testID(1), wide(words), nil)
		if (err == nil) != ok {
			t.Fatalf("%d words: %v", words, err)
		}
		if ok {
			if f := encoded(t, b); f.Words() != words {
				t.Fatalf("the condition has %d words, not the %d that the test is about", f.Words(), words)
			}
		} else if !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "has 4097 words") {
			t.Errorf("got %v", err)
		}
	}
}

func TestBuilderFileSize(t *testing.T) {
	// The values overlap in memory, not in the file.
	text := make([]byte, MaxFileSize/MaxValueLength+2+MaxValueLength)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range text {
		text[i] = byte(rng.Uint32())
	}
	all := string(text)
	list := make([]string, MaxFileSize/MaxValueLength+1)
	for i := range list {
		list[i] = all[i:][:MaxValueLength]
	}
	b := NewBuilder(Header{InputsDeclared: 1})
	if err := b.Add(testID(1), Equals(0, list...), nil); err != nil {
		t.Fatal(err)
	}
	_, err := b.Encode()
	if !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "MaxFileSize is 1073741824") {
		t.Errorf("got %v", err)
	}
}

func TestBuilderEncodeTwice(t *testing.T) {
	b := NewBuilder(Header{InputsDeclared: 4})
	for i := range 9 {
		if err := b.Add(testID(9-i), Or(Exists(i%4), Equals(0, fmt.Sprint(i%3)).From(i, "x")), &Origin{Line: i}); err != nil {
			t.Fatal(err)
		}
		first, second := encoded(t, b).Data(), encoded(t, b).Data()
		if !bytes.Equal(first, second) {
			t.Fatalf("with %d instances Encode gives one file and then another", i+1)
		}
	}
}

func TestBuilderProvenance(t *testing.T) {
	one := Origin{Rule: "R-1", Title: "Pipe", Author: "é", Licence: "DRL 1.1", Path: "rules/pipe.yml", Line: 3}
	two := Origin{Rule: "R-2", Title: "Pipe"}
	b := NewBuilder(Header{InputsDeclared: 4})
	for _, add := range []struct {
		id ID
		e  Expr
		o  Origin
	}{
		{testID(2), Or(Equals(1, "B").Fold().From(9, "Name: B"), Exists(0)).From(8, "outer"), two},
		{testID(1), And(Exists(3), Or(Exists(0).From(12, "late"), Exists(2).From(5, "five"))), one},
	} {
		if err := b.Add(add.id, add.e, &add.o); err != nil {
			t.Fatal(err)
		}
	}
	f := encoded(t, b)
	if diff := cmp.Diff([]Origin{one, two}, []Origin{f.Origin(0), f.Origin(1)}); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
	var got []string
	for i := range f.Words() {
		line, text := f.Use(i)
		got = append(got, fmt.Sprintf("%v, line %d: %s", f.Word(i), line, text))
	}
	want := []string{
		"criterion 3, line 0: ", // nobody said where
		"criterion 0, line 12: late",
		"criterion 2, line 5: five",
		"or of 2, line 0: ",
		"criterion 0, line 8: outer",
		"criterion 1, line 9: Name: B", // the inner place, and the spelling of the author
		"or of 2, line 0: ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
}

// Of a reference that was written twice one use is left, whichever came first.
func TestBuilderMergesUses(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		a, b      func(Expr) Expr
		line      int
		text      string
	}{
		{"lines", "the earlier is where a reader looks first", from(9, "x"), from(5, "y"), 5, "y"},
		{"no line", "a known line is worth more", from(0, "a"), from(5, "y"), 5, "y"},
		{"no use", "a known line is worth more", func(e Expr) Expr { return e }, from(5, "y"), 5, "y"},
		{"same line", "the first by its bytes", from(5, "y"), from(5, "x"), 5, "x"},
		{"same line, no text", "a text is worth more than none", from(5, ""), from(5, "x"), 5, "x"},
		{"the same", "is the same", from(5, "x"), from(5, "x"), 5, "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, spelling := range []func(a, b func(Expr) Expr) Expr{
				func(a, b func(Expr) Expr) Expr { return And(a(Exists(1)), b(Exists(1))) },
				func(a, b func(Expr) Expr) Expr { return And(b(Exists(1)), a(Exists(1))) },
				func(a, b func(Expr) Expr) Expr {
					return And(Or(Exists(0), a(Exists(1)), Exists(2)), Or(Exists(2), b(Exists(1)), Exists(0)))
				},
			} {
				b := NewBuilder(Header{InputsDeclared: 4})
				if err := b.Add(testID(1), spelling(tt.a, tt.b), &Origin{}); err != nil {
					t.Fatal(err)
				}
				f := encoded(t, b)
				for i := range f.Words() {
					if w := f.Word(i); !w.IsReference() || f.Criterion(w.Criterion()).Input != 1 {
						continue
					}
					if line, text := f.Use(i); line != tt.line || text != tt.text {
						t.Errorf("got line %d: %q, want line %d: %q: %s", line, text, tt.line, tt.text, tt.why)
					}
				}
			}
		})
	}
}

func from(line int, text string) func(Expr) Expr {
	return func(e Expr) Expr { return e.From(line, text) }
}

// Without an origin there is no provenance, whatever the expression says.
func TestBuilderWithoutProvenance(t *testing.T) {
	b := NewBuilder(Header{InputsDeclared: 4})
	if err := b.Add(testID(1), Exists(0).From(-1, "\xff"), nil); err != nil {
		t.Fatal(err)
	}
	if f := encoded(t, b); f.HasProvenance() {
		t.Error("the file has provenance")
	}
}

func TestEncode(t *testing.T) {
	// Files that keep all requirements, each in a way of its own.
	many := Equals(0, operands(300)...)
	for _, tt := range []struct {
		name, why  string
		provenance bool
		conditions []Expr
	}{
		{"empty", "no instance", false, nil},
		{"empty with provenance", "ten sections, though no instance says so", true, nil},
		{"one", "the smallest", false, []Expr{Exists(0)}},
		{"provenance", "uses and origins come back", true, []Expr{Or(Exists(0).From(3, "x"), Exists(1))}},
		{"shared", "a criterion of many instances", true, []Expr{many, Not(many), Or(many, Exists(1)).From(5, "y")}},
		{"deep", "as deep as the format goes", false, []Expr{alternating(MaxDepth)}},
		{"wide", "as wide as the format goes", false, []Expr{And(manyOf(MaxStack)...), wide(MaxWords)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := NewBuilder(Header{Channel: 1, Revision: 2, Type: 3, TypeVersion: 4, InputsDeclared: 20, Created: 5})
			for i, e := range tt.conditions {
				var o *Origin
				if tt.provenance {
					o = &Origin{Title: tt.name, Line: i}
				}
				if err := b.Add(testID(i+1), e, o); err != nil {
					t.Fatal(err)
				}
			}
			if tt.provenance {
				b.provenance = yes
			}
			f := encoded(t, b)
			again, err := Encode(f)
			if err != nil {
				t.Fatalf("%v: %s", err, tt.why)
			}
			if !bytes.Equal(again, f.Data()) {
				t.Errorf("Encode of the file is another file: %s", tt.why)
			}
		})
	}
}

// A file may have millions of references to one criterion of many operands.
// Encode looks at these operands once, and does not count them for each
// reference.
func TestEncodeSharedCriteria(t *testing.T) {
	b := NewBuilder(Header{InputsDeclared: 1})
	for i := range 2 {
		if err := b.Add(testID(i+1), Equals(0, operands(1000)...), nil); err != nil {
			t.Fatal(err)
		}
	}
	f := encoded(t, b)
	d := decoder{f: f, criteria: make([]Expr, f.Criteria()), values: make([]*string, f.Values())}
	first, second := d.condition(f.Instance(0)), d.condition(f.Instance(1))
	if first.node.size > 10 {
		t.Errorf("the condition counts as %d parts", first.node.size)
	}
	b = NewBuilder(f.Header)
	if err := b.Add(testID(1), first, nil); err != nil {
		t.Fatal(err)
	}
	d.criteria[0].node.values = nil // whoever looks again finds nothing
	if err := b.Add(testID(2), second, nil); err != nil {
		t.Errorf("the second instance: %v", err)
	}
	if !bytes.Equal(encoded(t, b).Data(), f.Data()) {
		t.Error("the file is another")
	}
}

func TestEncodeErrors(t *testing.T) {
	b := NewBuilder(Header{InputsDeclared: 4})
	for i := range 2 {
		if err := b.Add(testID(i+1), And(IntegerRange(0, [2]int64{1, 2}), Exists(1).From(1, "abc")), &Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	good := encoded(t, b)
	for _, tt := range []struct {
		name, why string
		at        Range
		bytes     string
		want      string // of the error; "" none
	}{
		{"nothing", "the file as it is", Range{}, "", ""},
		{"duplicate", "which of the two is meant?", good.InstanceRange(1), string(good.Data()[good.InstanceRange(0).Start:][:16]), "was added before"},
		{"nil ID", "an instance without a name", good.InstanceRange(0), strings.Repeat("\x00", 16), "the ID is all zero"},
		{"inverted range", "has no place in a normal form", good.PoolRange(0), "\x03", "never holds"},
		{"text", "is for people", Range{good.TextPoolRange(1).Start, 0}, "\xff", "not UTF-8"},
		{"order", "is made anew", good.InstanceRange(0), "\x02", ""},
		{"digest", "is made anew", good.HeaderDigestRange(), "\xff\xff", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := bytes.Clone(good.Data())
			copy(data[tt.at.Start:], tt.bytes)
			f, err := Parse(data)
			if err != nil {
				t.Fatalf("the case is not one of the Encode: %v", err)
			}
			out, err := Encode(f)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s: %s", err, tt.want, tt.why)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v: %s", err, tt.why)
			}
			g, err := Parse(out)
			if err != nil || g.Conformance() != 0 {
				t.Errorf("not in normal form: %v", err)
			}
		})
	}
}
