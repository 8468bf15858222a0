package sigma

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// An event maps field names to values. A field that is not in the map is
// absent.
type event map[string]string

func address(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}

// matches reports whether the single instance of f matches an event, using the
// content interpreter. It also compares the result with that of slowly, which
// shares no code with the packages under test.
func matches(t testing.TB, f *channelfile.File, def *sensor.Definition, e event) bool {
	t.Helper()
	handed := make(interp.Event, len(def.Inputs))
	for i, in := range def.Inputs {
		value, ok := e[in.Name]
		switch {
		case !ok:
		case in.Type == sensor.TypeInteger:
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			handed[i] = interp.Number(n)
		case in.Type == sensor.TypeAddress:
			handed[i] = interp.IP(netip.MustParseAddr(value))
		default:
			handed[i] = interp.Text(value)
		}
	}
	interpreter := interp.New(f, &sensor.Reader{Access: sensor.AccessNamed})
	if err := interpreter.Run(handed); err != nil {
		t.Fatal(err)
	}
	matched := len(interpreter.Matched()) > 0
	if slow := slowly(f, def, e); slow != matched {
		t.Errorf("the interpreter says %t and the slow way %t of %v:\n%s", matched, slow, e, dump(f, def))
	}
	return matched
}

// slowly evaluates the single instance of f as section 8 of FORMAT.md says,
// with Go's regular expressions.
func slowly(f *channelfile.File, def *sensor.Definition, e event) bool {
	var stack []bool
	for i := range f.Words() {
		w := f.Word(i)
		if w.IsReference() {
			stack = append(stack, holds(f, f.Criterion(w.Criterion()), def, e) != w.Negated())
			continue
		}
		args := stack[len(stack)-w.Operands():]
		truth := w.IsAnd()
		for _, a := range args {
			if a != w.IsAnd() {
				truth = !truth
				break
			}
		}
		stack = append(stack[:len(stack)-w.Operands()], truth)
	}
	for _, truth := range stack {
		if !truth {
			return false
		}
	}
	return true
}

func holds(f *channelfile.File, c channelfile.Criterion, def *sensor.Definition, e event) bool {
	value, present := e[def.Inputs[c.Input].Name]
	if !present {
		return false
	}
	if c.Operator == channelfile.OpExists {
		return true
	}
	fold := c.Flags&channelfile.FlagFold != 0
	var operands []string
	if c.Operator == channelfile.OpRegexp {
		for i := range c.Count {
			operands = append(operands, f.Program(f.Operand(c.First+i)).Source())
		}
	} else {
		for v := range f.OperandValues(c) {
			operands = append(operands, string(v))
		}
	}
	for in := range f.OperandInputs(c) {
		other, ok := e[def.Inputs[in].Name]
		if fold {
			other = lower(other)
		}
		if ok {
			operands = append(operands, other)
		} else if c.Flags&channelfile.FlagAll != 0 {
			return false
		}
	}
	if fold {
		value = lower(value)
	}
	for _, o := range operands {
		if compare(c, value, o) != (c.Flags&channelfile.FlagAll != 0) {
			return c.Flags&channelfile.FlagAll == 0
		}
	}
	return c.Flags&channelfile.FlagAll != 0
}

func compare(c channelfile.Criterion, value, operand string) bool {
	switch c.Operator {
	case channelfile.OpEquals:
		return value == operand
	case channelfile.OpPrefix:
		return strings.HasPrefix(value, operand)
	case channelfile.OpSuffix:
		return strings.HasSuffix(value, operand)
	case channelfile.OpContains:
		return strings.Contains(value, operand)
	case channelfile.OpRegexp:
		return regexp.MustCompile(operand).MatchString(value) // Go's engine, on the source
	case channelfile.OpPattern:
		return like([]rune(value), []rune(operand))
	case channelfile.OpAddressRange:
		a, err := netip.ParseAddr(value)
		return err == nil && address([]byte(operand[:16])).Compare(a) <= 0 && a.Compare(address([]byte(operand[16:]))) <= 0
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != value {
		return false
	}
	if c.Flags&channelfile.FlagInputs != 0 {
		return value == operand
	}
	if c.Operator == channelfile.OpIntegerEquals {
		return n == channelfile.Value(operand).Integer()
	}
	least, greatest := channelfile.Value(operand).IntegerRange()
	return least <= n && n <= greatest
}

// like matches a wildcard pattern in a slow and simple way.
func like(value, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(value) == 0
	}
	switch pattern[0] {
	case '*':
		for i := range len(value) + 1 {
			if like(value[i:], pattern[1:]) {
				return true
			}
		}
		return false
	case '?':
		return len(value) > 0 && like(value[1:], pattern[1:])
	case '\\':
		pattern = pattern[1:]
	}
	return len(value) > 0 && value[0] == pattern[0] && like(value[1:], pattern[1:])
}

// lower folds case sufficiently for the words in the tests.
func lower(s string) string { return strings.Map(unicode.ToLower, s) }
