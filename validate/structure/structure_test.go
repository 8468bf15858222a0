package structure_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// TestMessages holds what the checks say of cases of the corpus, to the letter.
// That they say it of the right bytes is for package suite to test.
func TestMessages(t *testing.T) {
	const encode = "encode the content again; channelfile.Encode writes the normal form"
	const again = "take the file from its source again; if it is the same there, the encoder is at fault"
	tests := []struct {
		name, want, fix, why string // the case; path and message
	}{
		{"header-digest-zero", "header_digest: the header and the section table have the SHA-256 9ab49893b7a3a3ca5c10927d70ebeec614b617c9b72e2c63fdb24b378bf53b53, " +
			"the file says 0000000000000000000000000000000000000000000000000000000000000000", again, "both digests, for people compare them with a third"},
		{"empty-section-digest-zero", "section[5].digest: pool: the 0 bytes at 0x1a0 have the SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, " +
			"the table says 0000000000000000000000000000000000000000000000000000000000000000", again, "which section is damaged"},
		{"gap-at-the-end", "file: the file has 632 bytes (0x278); its last section, padded, ends at 624 (0x270)", encode, "a gap at the end is a gap"},
		{"gap-between-sections", "section[2].offset: 8 bytes between 0x1c0 and criteria at 0x1c8 belong to no section", encode, "where the hidden bytes are"},
		{"sections-overlap-in-part", "section[1].offset: conditions starts at 0x198, 8 bytes before 0x1a0, where it should", encode, "by how much"},
		{"padding-not-zero", "padding: 0x01 (1) after section 2, criteria; padding is 0", encode, "which byte, and what it is"},
		{"inputs-read-understated", "header.inputs_read: inputs read is 20 (0x14) in the header; by the criteria it is 21 (0x15)", encode, "both numbers"},
		{"id-zero", "instance[0]: the ID of instance 0 is all zero", "give the rule an ID", "the rule is at fault, not the encoder"},
		{"ids-descend", "instance[1]: 6f0c1d2e-0002-4000-8000-cfc0cfc00001 stands after 6f0c1d2e-0002-4000-8000-cfc0cfc00002, which is greater", encode, "both IDs"},
		{"ids-equal", "instance[1]: instance 1 has the ID 6f0c1d2e-0002-4000-8000-cfc0cfc00001, and so has instance 0", "remove one of the two rules, or give it an ID of its own", "both rules"},
		{"and-in-and", "instance[1].word[4]: and of 2 is an operand of and of 2; its operands belong there", encode, "which of the two is too many"},
		{"or-in-or", "instance[1].word[5]: or of 2 is an operand of or of 2; its operands belong there", encode, "likewise"},
		{"and-at-the-end", "instance[1].word[5]: an and is left at the end; its operands stand there themselves", encode, "the unwritten and"},
		{"references-descend", "instance[0].word[1]: criterion 1 stands after not criterion 2; the shorter operand comes first, and of equal length that with the smaller words", encode, "the order is not obvious"},
		{"reference-twice", "instance[0].word[2]: not criterion 2 is there twice", encode, "twice is a fault of its own"},
		{"criteria-by-flags", "criterion[1]: criterion 1 stands after criterion 0, which is greater; criteria are sorted by input, operator, flags, operands", encode, "the order is not obvious"},
		{"criteria-by-number-of-operands", "criterion[1]: criterion 1 stands after criterion 0, which is greater; criteria are sorted by input, operator, flags, operands", encode, "a proper prefix comes first"},
		{"criterion-twice", "criterion[3]: criterion 3 is the same as criterion 2", encode, "it would be charged twice"},
		{"criterion-not-used", "criterion[1]: no condition refers to criterion 1, prefix on input 6 (index 5)", encode, "what it would read"},
		{"operand-list-descends", "operand[1]: criterion 0: operand 2 (0x2) stands after 3 (0x3); operands ascend", encode, "both operands"},
		{"operand-twice", "operand[3]: criterion 1 has operand 0 (0x0) twice", encode, "twice is a fault of its own"},
		{"values-as-signed-bytes", `value[1]: "\\good.exe" stands after "ã", which is greater`, encode, "bytes are unsigned"},
		{"value-twice", `value[3]: "\\x-one" is there twice`, encode, "twice is a fault of its own"},
		{"value-not-used", `value[5]: no criterion has the operand "spare"`, encode, "what is hidden is shown"},
		{"operand-capital", `operand[3]: criterion 2 ignores case, and "\\good.Exe" is not folded: U+0045 'E' at byte 6 folds to U+0065 'e'`, encode, "which letter, for a value may be long"},
		{"operand-kelvin", `operand[3]: criterion 2 ignores case, and "\\good.` + "\u212a" + `" is not folded: U+212A '` + "\u212a" + `' at byte 6 folds to U+006B 'k'`, encode, "letters that look folded"},
		{"operand-invalid-utf-8", `operand[3]: criterion 2 ignores case, and "\\good.\xff" is not folded: 0xff at byte 6 is not UTF-8, and stands for U+FFFD`, encode, "a byte that is no letter"},
		{"all-of-one", "criterion[0]: equals: it wants all of its operands, and has one", encode, "the flag says nothing"},
		{"contains-empty", "criterion[0]: contains: an operand is empty, which exists says", encode, "what to say instead"},
		{"equals-inputs-itself", "criterion[0]: equals: it compares input 21 (index 20) with itself, which exists says", encode, "what to say instead"},
		{"equals-inputs-backwards", "criterion[0]: equals: it compares input 21 (index 20) with input 6 (index 5); the smaller index comes first", encode, "equality has no direction"},
		{"integer-range-of-one", "criterion[0]: integer range: a range of one number, 7, which integer equals says", encode, "what to say instead"},
		{"integer-range-backwards", "criterion[0]: integer range: from 8 to -8 is no number: it never holds", encode, "a rule that never holds"},
		{"address-range-backwards", "criterion[0]: address range: from 10.0.0.2 to 10.0.0.1 is no address: it never holds", encode, "a rule that never holds"},
		{"pattern-is-prefix", `criterion[0]: pattern: of "demo*", its one wildcard is a * at the end: prefix says the same`, encode, "what to say instead"},
		{"texts-descend", `text[4]: "Demo pipe of a system service" stands after "Demo pipe of an unknown program", which is greater`, encode, "both texts"},
		{"text-not-used", `text[1]: no origin and no use names "!"`, encode, "what is hidden is shown"},
		{"text-not-utf-8", `text[12]: "\xdcn\xefcode Author" is not UTF-8`, "save the rule's source as UTF-8, and encode it again", "the rule's file is at fault"},
		{"use-of-and-with-line", `use[6]: word 6 is and of 2, and its use has line 33 and text ""`, encode, "the line counts"},
		{"use-of-or-with-text", `use[7]: word 7 is or of 2, and its use has line 0 and text "Image|endswith: '\\Good.exe'"`, encode, "the text counts"},
	}
	tests = append(tests, []struct{ name, want, fix, why string }{
		{"programs-descend", `program[2]: "^[0-9a-f]{2}" stands after "a*$", which is greater`, encode, "both sources"},
		{"program-twice", `program[2]: "^[0-9a-f]{2}" is there twice`, encode, "twice is a fault of its own"},
		{"program-not-used", `program[0]: no criterion has the operand "(?i)k"`, encode, "what is hidden is shown"},
		{"classes-descend", `class[2]: class 2, [Kk\x{212A}], stands after class 1, [a], which is greater`, encode, "both classes"},
		{"class-twice", "class[1]: class 1, [0-9a-f], is the same as class 0", encode, "twice is a fault of its own"},
		{"class-not-used", "class[3]: no instruction names [b]", encode, "what is hidden is shown"},
	}...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := judge(gatetest.Case(t, tt.name).Data, 1)
			if len(r.Findings) != 1 {
				t.Fatalf("%d findings", len(r.Findings))
			}
			f := r.Findings[0]
			if diff := cmp.Diff(tt.want, f.Where.Path+": "+f.Message); diff != "" {
				t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
			}
			if f.Fix != tt.fix {
				t.Errorf("fix: %q, expected %q", f.Fix, tt.fix)
			}
		})
	}
}

// family are the checks of the package, and those that they require.
var family = gatetest.Family(1)

func judge(data []byte, most int) *validate.Report {
	return validate.Run(validate.ChannelFile("", data), validate.Options{Checks: family, Definitions: builtin.Definitions(), MaxFindings: most})
}

// sentinels are the errors of channelfile.Parse and the checks that speak of
// them.
var sentinels = map[string]struct {
	err   error
	check string // ID
}{
	"ErrTransfer":           {channelfile.ErrTransfer, "CF1001"},
	"ErrMagic":              {channelfile.ErrMagic, "CF1002"},
	"ErrTruncated":          {channelfile.ErrTruncated, "CF1003"},
	"ErrByteOrder":          {channelfile.ErrByteOrder, "CF1004"},
	"ErrVersion":            {channelfile.ErrVersion, "CF1005"},
	"ErrConcatenated":       {channelfile.ErrConcatenated, "CF1006"},
	"ErrFileSizeZero":       {channelfile.ErrFileSizeZero, "CF1006"},
	"ErrTrailing":           {channelfile.ErrTrailing, "CF1007"},
	"ErrLimit":              {channelfile.ErrLimit, "CF1011"},
	"ErrSectionSet":         {channelfile.ErrSectionSet, "CF1008"},
	"ErrSectionBounds":      {channelfile.ErrSectionBounds, "CF1009"},
	"ErrEntryCount":         {channelfile.ErrEntryCount, "CF1010"},
	"ErrInstanceWords":      {channelfile.ErrInstanceWords, "CF1012"},
	"ErrConditionReference": {channelfile.ErrConditionReference, "CF1013"},
	"ErrConditionStack":     {channelfile.ErrConditionStack, "CF1014"},
	"ErrOperator":           {channelfile.ErrOperator, "CF1015"},
	"ErrFlags":              {channelfile.ErrFlags, "CF1016"},
	"ErrInput":              {channelfile.ErrInput, "CF1017"},
	"ErrOperandCount":       {channelfile.ErrOperandCount, "CF1018"},
	"ErrOperandBounds":      {channelfile.ErrOperandBounds, "CF1019"},
	"ErrOperandReference":   {channelfile.ErrOperandReference, "CF1020"},
	"ErrValueBounds":        {channelfile.ErrValueBounds, "CF1021"},
	"ErrOperandForm":        {channelfile.ErrOperandForm, "CF1022"},
	"ErrProgramBounds":      {channelfile.ErrProgramBounds, "CF1025"},
	"ErrInstruction":        {channelfile.ErrInstruction, "CF1026"},
	"ErrInstructionTarget":  {channelfile.ErrInstructionTarget, "CF1027"},
	"ErrClassBounds":        {channelfile.ErrClassBounds, "CF1028"},
	"ErrClassRanges":        {channelfile.ErrClassRanges, "CF1029"},
	"ErrTextReference":      {channelfile.ErrTextReference, "CF1023"},
	"ErrTextBounds":         {channelfile.ErrTextBounds, "CF1024"},
}

// TestSentinels holds that each error of Parse is reported by one check, which
// is the one that speaks of it, and that there are no more errors.
func TestSentinels(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "channelfile", "errors.go"))
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^\t(Err\w+) .*= (?:errors\.New|fileSizeZero)`).FindAllStringSubmatch(string(source), -1)
	if len(declared) != len(sentinels) {
		t.Errorf("channelfile declares %d errors, this test knows %d", len(declared), len(sentinels))
	}
	for _, m := range declared {
		s, ok := sentinels[m[1]]
		if !ok {
			t.Errorf("this test does not know %s", m[1])
			continue
		}
		for _, c := range family {
			p := &validate.Pass{
				Check: c, Subject: validate.ChannelFile("", []byte("data")),
				ParseError: &channelfile.ParseError{Path: "part", Err: s.err, Detail: "detail"},
			}
			if c.Uses != validate.UsesBytes || c.Family() != 1 {
				continue
			}
			c.Run(p)
			if want := c.ID == s.check; (p.Found() == 1) != want {
				t.Errorf("%s: %v made %d findings", m[1], c, p.Found())
			}
		}
	}
}

// conforming are the checks of the package that look at what can be read, in
// the order of the rules that they enforce.
func conforming(t *testing.T) []*validate.Check {
	t.Helper()
	var list []*validate.Check
	for _, c := range family {
		if c.Uses == validate.UsesFile {
			list = append(list, c)
		}
	}
	if len(list) != channelfile.NumRequirements {
		t.Fatalf("%d checks for %d rules", len(list), channelfile.NumRequirements)
	}
	return list
}

// TestReadingAndLocatingDisagree holds that a file does not pass in which
// reading found a rule to be broken, and the check finds no place where it is.
func TestReadingAndLocatingDisagree(t *testing.T) {
	good := gatetest.Case(t, "provenance")
	f, err := channelfile.Parse(good.Data)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range conforming(t) {
		for rule := range channelfile.Requirement(channelfile.NumRequirements) {
			p := &validate.Pass{Check: c, Subject: validate.ChannelFile("", good.Data), File: f, Broken: 1 << rule}
			c.Run(p)
			if want := int(rule) == i; (p.Found() > 0) != want {
				t.Errorf("%v: %d findings where rule %d is said to be broken", c, p.Found(), rule)
			}
		}
	}
}

// TestEveryBreachIsFound changes single fields of a good file, and compares
// what reading says of the result with what the checks find: each rule that is
// broken has a place, and no other has.
func TestEveryBreachIsFound(t *testing.T) {
	for _, name := range []string{"provenance", "every-operator", "two-rules", "regexps"} {
		good := gatetest.Case(t, name)
		data := slices.Clone(good.Data)
		broken, step := 0, 1
		if testing.Short() {
			step = 3
		}
		for i := 0; i < len(data); i += step {
			for _, b := range []byte{0, 1, data[i] + 1, data[i] - 1, data[i] ^ 0x80, data[i] ^ 0x20, 0xff} {
				if b == good.Data[i] {
					continue
				}
				data[i] = b
				f, err := channelfile.Parse(data)
				if err == nil {
					broken++
					agree(t, fmt.Sprintf("%s with 0x%02x at 0x%x", name, b, i), f.Conformance(), judge(data, 1))
				} else if perr := (*channelfile.ParseError)(nil); !errors.As(err, &perr) {
					t.Errorf("%s with 0x%02x at 0x%x: %T", name, b, i, err)
				}
				data[i] = good.Data[i]
			}
		}
		if broken == 0 {
			t.Errorf("%s: no change left the file readable", name)
		}
	}
}

// agree compares what reading says is broken with the checks that found
// something, and where.
func agree(t *testing.T, name string, broken channelfile.Requirements, r *validate.Report) {
	t.Helper()
	checks := conforming(t)
	found := map[*validate.Check]bool{}
	for _, total := range r.Totals {
		found[total.Check] = true
	}
	for rule, c := range checks {
		if broken.Has(channelfile.Requirement(rule)) != found[c] {
			t.Errorf("%s: reading says %v of %v, the check %v", name, broken.Has(channelfile.Requirement(rule)), c, found[c])
		}
	}
	for _, f := range r.Findings {
		if f.Fault {
			t.Errorf("%s: %v has no place", name, f.Check)
		}
	}
}

// TestIntegerComparedWithItself holds what is said of a comparison that no
// case of the corpus has.
func TestIntegerComparedWithItself(t *testing.T) {
	data := testkit.Encode(t, testkit.IPC, channelfile.IntegerEqualsInput(4, 9))
	f := testkit.Parse(t, data)
	data[f.OperandRange(0).Start] = 4
	r := judge(data, 1)
	i := slices.IndexFunc(r.Findings, func(f validate.Finding) bool { return f.Check.ID == "CF1046" })
	if i < 0 {
		t.Fatal("it was not found")
	}
	const want = "integer equals: it compares input 5 (index 4) with itself, which the integer range of all numbers says"
	if got := r.Findings[i].Message; got != want {
		t.Errorf("%s\nexpected\n%s", got, want)
	}
}

// TestLongValues holds that a message shows the start of what is long, and how
// much more there is.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("x", 1000)
	data := testkit.Encode(t, testkit.IPC, channelfile.Equals(5, long).Fold())
	f := testkit.Parse(t, data)
	data[f.PoolRange(0).Start+900] = 'X'
	i := slices.IndexFunc(judge(data, 1).Findings, func(f validate.Finding) bool { return f.Check.ID == "CF1045" })
	if i < 0 {
		t.Fatal("the capital was not found")
	}
	want := `criterion 0 ignores case, and "` + long[:60] + `" and 940 bytes more is not folded: U+0058 'X' at byte 900 folds to U+0078 'x'`
	if got := judge(data, 1).Findings[i].Message; got != want {
		t.Errorf("%s\nexpected\n%s", got, want)
	}
}
