package types

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// reportCriterion reports a criterion at the first rule that refers to it.
func reportCriterion(p *validate.Pass, i, input int, fix, format string, args ...any) {
	p.Report(func() validate.Finding {
		where, instance := p.LocateCriterion(i, input)
		return validate.Finding{Where: where, Instance: instance, Input: p.InputAt(input), Fix: fix, Message: fmt.Sprintf(format, args...)}
	})
}

// suits is the column "of an input of type" of FORMAT.md, section 5.
func suits(op channelfile.Operator, t sensor.InputType) bool {
	switch op {
	case channelfile.OpExists:
		return true
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return t == sensor.String || t == sensor.Integer
	case channelfile.OpAddressRange:
		return t == sensor.String || t == sensor.Address
	}
	return t == sensor.String
}

// unreachable returns why the value of an operand is beyond what the input can
// be, empty if it is not.
func unreachable(c channelfile.Criterion, def *sensor.Input, v []byte) string {
	switch c.Operator {
	case channelfile.OpIntegerEquals:
		n := channelfile.Integer(v, 0)
		if outside(def, n, n) {
			return fmt.Sprintf("it is never %d, but from %s", n, reach(def))
		}
	case channelfile.OpIntegerRange:
		least, greatest := channelfile.Integer(v, 0), channelfile.Integer(v, 1)
		if outside(def, least, greatest) {
			return fmt.Sprintf("it is never from %d to %d, but from %s", least, greatest, reach(def))
		}
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
		n := len(v)
		if c.Flags&channelfile.FlagFold != 0 {
			// Folding may make a rune longer or shorter, but not more runes.
			n = utf8.RuneCount(v)
		}
		if def.MaxLength > 0 && n > def.MaxLength {
			return fmt.Sprintf("the operand has %d bytes, the value at most %d", len(v), def.MaxLength)
		}
	}
	return ""
}

func outside(def *sensor.Input, least, greatest int64) bool {
	return def.Least != nil && greatest < *def.Least || def.Greatest != nil && least > *def.Greatest
}

func reach(def *sensor.Input) string {
	least, greatest := "the least integer", "the greatest"
	if def.Least != nil {
		least = fmt.Sprint(*def.Least)
	}
	if def.Greatest != nil {
		greatest = fmt.Sprint(*def.Greatest)
	}
	return least + " to " + greatest
}

// names lists the template types that the gate knows.
func names(known *sensor.Definitions) string {
	var list []string
	seen := map[uint32]bool{}
	for d := range known.All() {
		if !seen[d.Number] {
			seen[d.Number] = true
			list = append(list, fmt.Sprintf("%d (%s)", d.Number, d.Name))
		}
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func versions(vs []uint32) string {
	var list []string
	for _, v := range vs {
		list = append(list, fmt.Sprint(v))
	}
	return "version " + strings.Join(list, ", ")
}
