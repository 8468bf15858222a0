package interp

import (
	"net/netip"
	"strconv"

	"github.com/cfcheck/cfcheck/sensor"
)

// An Event is what the integration code of a sensor hands to its content
// interpreter: a value for each input, by index. What is beyond its end was
// not handed over.
type Event []Value

// A Value is what an event has for one input. The zero Value is absent; one
// that is present may be empty.
type Value struct {
	Type    sensor.InputType // 0: absent
	Text    []byte           // of String; whoever made the event must leave it alone while it is read
	Integer int64            // of Integer
	Address [16]byte         // of Address; IPv4 is mapped into IPv6
}

// Text returns the value of an input of type String.
func Text[T ~string | ~[]byte](s T) Value { return Value{Type: sensor.TypeString, Text: []byte(s)} }

// Number returns the value of an input of type Integer.
func Number(n int64) Value { return Value{Type: sensor.TypeInteger, Integer: n} }

// IP returns the value of an input of type Address, without its zone. That of
// the zero address is absent.
func IP(a netip.Addr) Value {
	if !a.IsValid() {
		return Value{}
	}
	return Value{Type: sensor.TypeAddress, Address: a.As16()}
}

// Present reports whether the event has a value for the input.
func (v *Value) Present() bool { return v.Type != 0 }

// Constants returns the values of a constant input, nil for any other.
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
