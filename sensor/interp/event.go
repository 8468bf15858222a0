package interp

import (
	"net/netip"
	"strconv"

	"github.com/cfcheck/cfcheck/sensor"
)

// An Event is the array of values that the integration code of a sensor passes to its content
// interpreter, by input. Inputs beyond its end are not supplied.
type Event []Value

// A Value is the value of one input in an event. The zero Value means absent. A present value may
// be empty.
type Value struct {
	Type    sensor.InputType // 0 means absent
	Text    []byte           // for TypeString; must not be changed while it is read
	Integer int64            // for TypeInteger
	Address [16]byte         // for TypeAddress; IPv4 addresses are mapped into IPv6
}

// Text returns a value of type TypeString.
func Text[T ~string | ~[]byte](s T) Value { return Value{Type: sensor.TypeString, Text: []byte(s)} }

// Number returns a value of type TypeInteger.
func Number(n int64) Value { return Value{Type: sensor.TypeInteger, Integer: n} }

// IP returns a value of type TypeAddress, without the zone of a. It returns an absent value if a
// is the zero Addr.
//
//mutation:missed: the tests of sensor detect it
func IP(a netip.Addr) Value {
	if !a.IsValid() {
		return Value{}
	}
	return Value{Type: sensor.TypeAddress, Address: a.As16()}
}

// Present reports whether the event has a value for the input.
func (v *Value) Present() bool { return v.Type != 0 }

// Constants returns the values of a constant input, or nil for other inputs.
func Constants(in *sensor.SuppliedInput) []Value {
	var list []Value
	for _, text := range in.Values {
		switch in.Type {
		case sensor.TypeInteger:
			n, _ := strconv.ParseInt(text, 10, 64)
			list = append(list, Number(n))
		case sensor.TypeAddress:
			a, _ := netip.ParseAddr(text)
			list = append(list, IP(a))
		default:
			list = append(list, Text(text))
		}
	}
	return list
}
