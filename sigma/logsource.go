package sigma

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// Sensor returns the logsource in the form that definitions of template types
// use. [sensor.Definitions.TypeOf] returns the template type for it.
func (l Logsource) Sensor() sensor.Logsource {
	return sensor.Logsource{Product: l.Product.Value, Category: l.Category.Value, Service: l.Service.Value}
}

// typeOf returns the template type for the rules of a logsource, or "". Like pySigma,
// it takes a logsource with a service beside the category for the one without the
// service. But the two must agree: the type of the category must have a feed from a
// channel of the service's type. others are the feeds of the type from other channels.
func typeOf(l sensor.Logsource, defs *sensor.Definitions) (name string, others []string) {
	if name := defs.TypeOf(l); name != "" || l.Category == "" || l.Service == "" {
		return name, nil
	}
	name = defs.TypeOf(sensor.Logsource{Product: l.Product, Category: l.Category})
	service := defs.TypeOf(sensor.Logsource{Product: l.Product, Service: l.Service})
	if name == "" || service == "" {
		return "", nil
	}
	channels := map[string]bool{}
	for _, f := range defs.Newest(service).Feeds {
		channels[f.Channel] = f.Channel != ""
	}
	agree := false
	for _, f := range defs.Newest(name).Feeds {
		if channels[f.Channel] {
			agree = true
		} else {
			others = append(others, f.Name)
		}
	}
	if !agree {
		return "", nil
	}
	return name, others
}

// maxNear is the maximum number of similar logsources that a message offers.
const maxNear = 3

// nearLogsources returns the logsources of definitions that are most similar to
// l, at most maxNear.
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

// The distance between the parts of two logsources, and the limit on its sum.
const (
	likePart    = 1 // a few letters differ, or only one of the two has this part
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

// kin reports whether two parts are similar and not empty.
func kin(a, b string) bool {
	return a != "" && b != "" && (strings.EqualFold(a, b) || nearest(a, []string{b}) != "")
}

// noType returns the reason why no template type is for the rules of a
// logsource.
func noType(l Logsource, defs *sensor.Definitions) string {
	reason := "no template type is for rules of " + l.String()
	if swapped := l.Sensor(); swapped.Category == "" || swapped.Service == "" {
		swapped.Category, swapped.Service = swapped.Service, swapped.Category
		switch {
		case defs.TypeOf(swapped) == "":
		case swapped.Category != "":
			return fmt.Sprintf("%s; %s is a category, not a service", reason, swapped.Category)
		default:
			return fmt.Sprintf("%s; %s is a service, not a category", reason, swapped.Service)
		}
	}
	switch near := nearLogsources(l.Sensor(), defs); len(near) {
	case 0:
		reason += "; define one in a file for --types"
	case 1:
		reason += "; the most similar logsource with a type is " + near[0]
	default:
		reason += "; the most similar logsources with a type are " + strings.Join(near, " / ")
	}
	return reason
}
