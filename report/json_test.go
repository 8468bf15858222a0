package report

import (
	"encoding/json"
	"testing"
)

func TestPrintable(t *testing.T) {
	for _, tt := range []struct{ why, text, want string }{
		{"plain text stays", "a\u00e9\u6f22", "\"a\u00e9\u6f22\"\n"},
		{"a C1 control starts a sequence on some terminals", "\u009b31m", `"\u009b31m"` + "\n"},
		{"DEL is a control", "a\x7fb", `"a\u007fb"` + "\n"},
		{"an override reorders what follows", "\u202egnp.cf", `"\u202egnp.cf"` + "\n"},
		{"a zero width space hides", "\u200bx", `"\u200bx"` + "\n"},
		{"above the first plane an escape is a pair", "\U000e0041", `"\udb40\udc41"` + "\n"},
		{"text after an escape stays", "\u0085next \u00e9", "\"\\u0085next \u00e9\"\n"},
	} {
		var e indenter
		have, err := e.indented(tt.text, "")
		if err != nil || string(have) != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.why, have, err, tt.want)
		}
		var back string
		if err := json.Unmarshal(have, &back); err != nil || back != tt.text {
			t.Errorf("%s: read back as %q, %v", tt.why, back, err)
		}
	}
}
