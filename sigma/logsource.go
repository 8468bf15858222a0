package sigma

import (
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// Sensor returns the logsource as definitions of template types name it:
// [sensor.Definitions.TypeOf] says which type its rules are for.
func (l Logsource) Sensor() sensor.Logsource {
	return sensor.Logsource{Product: l.Product.Value, Category: l.Category.Value, Service: l.Service.Value}
}

// maxNear is how many logsources a message offers in place of an unknown one.
const maxNear = 3

// nearLogsources returns the logsources of definitions that were probably
// meant by l: those that are nearest.
func nearLogsources(l sensor.Logsource, defs *sensor.Definitions) []string {
	var near []string
	least := tooFar
	for d := range defs.All() {
		for _, known := range d.Logsources {
			if !kin(l.Category, known.Category) && !kin(l.Service, known.Service) && l.Category+l.Service != "" {
				continue
			}
			far := farPart(l.Product, known.Product) + farPart(l.Category, known.Category) + farPart(l.Service, known.Service)
			if far < least {
				near, least = nil, far
			}
			if far == least && far < tooFar && len(near) < maxNear && !slices.Contains(near, known.String()) {
				near = append(near, known.String())
			}
		}
	}
	return near
}

// What the parts of two logsources are apart, and what they may be together.
const (
	likePart    = 1 // a few letters are others, or one of the two has no such part
	anotherPart = 4
	tooFar      = 4
)

func farPart(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "" || b == "" || kin(a, b):
		return likePart
	}
	return anotherPart
}

// kin reports whether two parts are there and alike.
func kin(a, b string) bool {
	return a != "" && b != "" && (strings.EqualFold(a, b) || nearest(a, []string{b}) != "")
}

// noType says why no template type is for the rules of a logsource.
func noType(l Logsource, defs *sensor.Definitions) string {
	reason := "no template type is for rules of " + l.String()
	switch near := nearLogsources(l.Sensor(), defs); len(near) {
	case 0:
		reason += "; a file of --types can define one"
	case 1:
		reason += "; the nearest that has one is " + near[0]
	default:
		reason += "; the nearest that have one are " + strings.Join(near, " / ")
	}
	return reason
}
