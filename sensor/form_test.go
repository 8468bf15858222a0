package sensor_test

import (
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestForms tests the values of each form.
func TestForms(t *testing.T) {
	for _, tt := range []struct {
		form    sensor.Form
		has     []string
		lacks   []string
		because string
	}{
		{sensor.FormAny, []string{"", "a\nb", "\xff"}, nil, "nothing is stated"},
		{sensor.FormDecimal, []string{"0", "4294967295", "007"}, []string{"", "-1", "0x4", "4 ", "4\n", "٤"}, "digits only"},
		{sensor.FormHexadecimal, []string{"0x0", "0x000001E811820000", "0X1A"}, []string{"0x", "1a", "x1", "0x1g", "0x1\n"}, "digits after 0x"},
		{sensor.FormBoolean, []string{"true", "False"}, []string{"", "yes", "1", "truefalse"}, "words in any case"},
		{sensor.FormMessage, []string{"%%14592"}, []string{"%14592", "14592", "%%", "Outbound"}, "a number after two signs"},
		{sensor.FormGUID, []string{"{5D63072B-84de-6086-7B49-000000000C00}"}, []string{"5D63072B-84de-6086-7B49-000000000C00", "{5D63072B84de60867B49000000000C00}"}, "with braces and hyphens"},
		{sensor.FormSID, []string{"S-1-5-18", "S-1-16-12288"}, []string{"S-1", "s-1-5-18", `NT AUTHORITY\SYSTEM`}, "an identifier, not its name"},
		{sensor.FormAddress, []string{"10.0.0.1", "::1", "fe80:0:0:0:5cb9:6d15:e592:60fe", "fe80::1%12", "::ffff:10.0.0.1"}, []string{"", "-", "localhost", "10.0.0.1:80", "example.com"}, "an address alone"},
		{sensor.FormDevicePath, []string{`\device\harddiskvolume4\windows\a.exe`, `\Device\Mup\server\share\a.exe`, "System", "-", "", `\device\vboxminirdr\;z:\vboxsvr\a.exe`, `\device\x\a.txt:b.exe`},
			[]string{`C:\Windows\a.exe`, `\\server\share\a.exe`, `\device\x:\Users\a.exe`, `\device\x::\Users\a.exe`, `a\b`}, "no drive; names of processes without a file"},
		{sensor.FormName, []string{"anna", "HOST$", "-", "", "a:b"}, []string{`CONTOSO\anna`}, "without the domain"},
		{sensor.FormWord, []string{"High", "tcp", "-", "", "Medium Plus"}, []string{"6", "S-1-16-12288", `a\b`}, "no digits"},
		{sensor.FormUser, []string{`NT AUTHORITY\SYSTEM`, "S-1-5-93-2-1", "-", ""}, []string{"SYSTEM", `\SYSTEM`, "anna@contoso"}, "with the domain"},
		{sensor.FormAccount, []string{"S-1-16-12288", `Mandatory Label\High Mandatory Level`}, []string{"High", "-", ""}, "an identifier, or the name that an exporter writes for it"},
		{sensor.FormHashes, []string{"SHA1=0F,MD5=AB,IMPHASH=00", "MD5=", "-", "?", "", "Unknown"}, []string{"0F", "SHA1=0G", "SHA1=0F,"}, "each with its algorithm"},
	} {
		for _, s := range tt.has {
			if !tt.form.Has(s) {
				t.Errorf("%v does not have %q: %s", tt.form, s, tt.because)
			}
		}
		for _, s := range tt.lacks {
			if tt.form.Has(s) {
				t.Errorf("%v has %q: %s", tt.form, s, tt.because)
			}
		}
	}
	for i, name := range sensor.FormNames() {
		f := sensor.Form(i)
		if f.String() != name || f.Text() == "" || !f.Has(f.Example()) || f != sensor.FormAny && f.Example() == "" {
			t.Errorf("form %q has the name %q, the text %q and the example %q", name, f, f.Text(), f.Example())
		}
		if _, err := channelfile.CompileRegexp(f.Expression()); err != nil {
			t.Errorf("form %v: %v", f, err)
		}
	}
	if f := sensor.Form(len(sensor.FormNames())); !f.Has("x") || slices.Contains(sensor.FormNames(), f.String()) || f.Text() != sensor.FormAny.Text() {
		t.Errorf("a number without a form is %v and states %q; want nothing", f, f.Text())
	}
}
