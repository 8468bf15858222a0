package trace

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// MaxText is the maximum number of bytes of a value in a text. A command line is longer than other
// values.
const MaxText = 400

// ValueText returns the value of an input for a message. A text is in quotes, and shortened to
// MaxText bytes. An absent value is "".
func ValueText(v *interp.Value) string {
	switch {
	case !v.Present():
		return ""
	case v.Type == sensor.TypeInteger:
		return strconv.FormatInt(v.Integer, 10)
	case v.Type == sensor.TypeAddress:
		return netip.AddrFrom16(v.Address).Unmap().String()
	case len(v.Text) > MaxText:
		return fmt.Sprintf("%s... (%d bytes)", strconv.Quote(strings.ToValidUTF8(string(v.Text[:MaxText]), "")), len(v.Text))
	}
	return strconv.Quote(string(v.Text))
}
