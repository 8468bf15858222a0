package registry_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/cfcheck/cfcheck/sysmon/registry"
)

const head = "Windows Registry Editor Version 5.00\r\n\r\n"

const parameters = `[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SysmonDrv\Parameters]` + "\r\n"

// utf16le returns a text as regedit writes it.
func utf16le(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestRules(t *testing.T) {
	for _, test := range []struct {
		why  string
		text string
		want []byte
		line int
	}{
		{"one line", head + parameters + "\"Rules\"=hex:00,0f,Ff\r\n", []byte{0, 15, 255}, 4},
		{"several lines, as regedit wraps them", head + parameters + "\"Options\"=dword:00000003\r\n\"Rules\"=hex:01,02,\\\r\n  03,04,\\\r\n  05\r\n\"X\"=hex:07\r\n", []byte{1, 2, 3, 4, 5}, 5},
		{"the type in full", head + parameters + `"Rules"=hex(3):01` + "\n", []byte{1}, 4},
		{"Windows compares names without case", head + parameters + `"RULES"=hex:01`, []byte{1}, 4},
		{"the old form", "REGEDIT4\n\n" + parameters + `"Rules"=hex:01`, []byte{1}, 4},
		{"an empty value", head + parameters + `"Rules"=hex:` + "\r\n", []byte{}, 4},
		{"another value with the name as a part", head + parameters + "\"RulesOld\"=hex:09\r\n\"Rules\"=hex:01\r\n", []byte{1}, 5},
	} {
		for encoding, data := range map[string][]byte{"UTF-8": []byte(test.text), "UTF-16": utf16le(test.text)} {
			v, err := registry.Rules(data)
			if err != nil {
				t.Errorf("%s, %s: %v", test.why, encoding, err)
				continue
			}
			if !bytes.Equal(v.Data, test.want) || v.Line != test.line || !strings.HasSuffix(v.Key, `SysmonDrv\Parameters`) {
				t.Errorf("%s, %s: found % x on line %d, key %s; expected % x on line %d", test.why, encoding, v.Data, v.Line, v.Key, test.want, test.line)
			}
			if !registry.HasRules(data) {
				t.Errorf("%s, %s: HasRules is false", test.why, encoding)
			}
		}
	}
}

func TestLineOf(t *testing.T) {
	v, err := registry.Rules([]byte(head + parameters + "\"Rules\"=hex:\\\r\n  01,02,\\\r\n  03\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	for offset, want := range map[int]int{0: 5, 1: 5, 2: 6, 3: 6, -1: 4} {
		if got := v.LineOf(offset); got != want {
			t.Errorf("the byte at %d is on line %d, expected %d", offset, got, want)
		}
	}
}

func TestRulesErrors(t *testing.T) {
	for _, test := range []struct{ why, text, want string }{
		{"not an export", "<Sysmon/>", `line 1: expected "Windows Registry Editor`},
		{"nothing at all", "", `line 1: expected "Windows Registry Editor`},
		{"no value", head + parameters + "\"Options\"=dword:00000003\r\n", "has no value"},
		{"a text", head + parameters + `"Rules"="abc"`, `line 4: the value "Rules" is "\"abc\""; expected a binary value`},
		{"a multi-string is no blob", head + parameters + `"Rules"=hex(7):00`, `line 4: the value "Rules" is "hex(7):00"`},
		{"one digit", head + parameters + `"Rules"=hex:00,1,02`, `line 4: byte 1 (0x1) of the value "Rules" is "1"`},
		{"no digit", head + parameters + `"Rules"=hex:00,zz`, `byte 1 (0x1) of the value "Rules" is "zz"`},
		{"a hole", head + parameters + `"Rules"=hex:00,,01`, `byte 1 (0x1) of the value "Rules" is ""`},
		{"cut off behind a backslash", head + parameters + `"Rules"=hex:00,01,\`, "line 4: the value \"Rules\" ends after 2 bytes (0x2) with a backslash"},
		{"two drivers", head + parameters + "\"Rules\"=hex:00\r\n[HKLM\\Other]\r\n\"Rules\"=hex:01\r\n", `line 6: a second value "Rules" under the key HKLM\Other`},
	} {
		_, err := registry.Rules([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, expected one with %q", test.why, err, test.want)
		}
	}
	if _, err := registry.Rules([]byte(head)); !errors.Is(err, registry.ErrNoRules) || registry.HasRules([]byte(head)) {
		t.Errorf("an export without the value: error %v, expected ErrNoRules", err)
	}
	if data := []byte(head + parameters + `"Rules"=hex:zz`); !registry.HasRules(data) {
		t.Error("an export with a damaged value counts as one without it, and would be passed over")
	}
}

func FuzzRules(f *testing.F) {
	f.Add([]byte(head + parameters + "\"Rules\"=hex:01,02,\\\r\n  03,04,\\\r\n  05\r\n"))
	f.Add(utf16le(head + parameters + "\"Rules\"=hex(3):00\r\n"))
	f.Add([]byte("REGEDIT4\n\"Rules\"=hex:0\\"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := registry.Rules(data)
		if err != nil {
			return
		}
		// An export of the value has the same value.
		var out strings.Builder
		fmt.Fprintf(&out, "%s[%s]\n\"Rules\"=hex:", head, "K")
		for i, b := range v.Data {
			if i > 0 {
				out.WriteString(",\\\n  ")
			}
			fmt.Fprintf(&out, "%02x", b)
		}
		again, err := registry.Rules([]byte(out.String()))
		if err != nil || !bytes.Equal(again.Data, v.Data) {
			t.Fatalf("the value % x, written again, reads as %v, error %v", v.Data, again, err)
		}
		for i := range v.Data {
			if line := v.LineOf(i); line < v.Line {
				t.Fatalf("byte %d is on line %d, before the value on line %d", i, line, v.Line)
			}
		}
	})
}
