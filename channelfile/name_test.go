package channelfile

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseFileName(t *testing.T) {
	for _, tt := range []struct {
		name, why, in string
		ok            bool
	}{
		{"canonical", "the example of FORMAT.md", "C-00000291-00000001-00000032.cf", true},
		{"empty", "is no name", "", false},
		{"folder", "a name comes without folders", "x/C-00000291-00000001-00000032.cf", false},
		{"lower case", "one form, also where the file system does not care", "c-00000291-00000001-00000032.cf", false},
		{"other extension", "the files of others are none of ours", "C-00000291-00000001-00000032.sys", false},
		{"short number", "8 digits each", "C-00000291-00000001-32.cf", false},
		{"sign", "a sign is no digit", "C-00000291-00000001-+0000032.cf", false},
		{"other digits", "only 0 to 9 are digits", "C-00000291-00000001-000000\u0663.cf", false},
		{"more", "nothing may follow", "C-00000291-00000001-00000032.cf.bak", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			channel, typeVersion, revision, ok := ParseFileName(tt.in)
			want := [3]uint32{}
			if tt.ok {
				want = [3]uint32{291, 1, 32}
			}
			if got := [3]uint32{channel, typeVersion, revision}; ok != tt.ok || got != want {
				t.Errorf("ParseFileName(%q) is %v, %v: %s", tt.in, got, ok, tt.why)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Uint32Range(0, MaxNumber)
		h := Header{Channel: number.Draw(t, "channel"), TypeVersion: number.Draw(t, "type version"), Revision: number.Draw(t, "revision")}
		channel, typeVersion, revision, ok := ParseFileName(FileName(h))
		if !ok || channel != h.Channel || typeVersion != h.TypeVersion || revision != h.Revision {
			t.Errorf("%+v has the name %s, which is read as %d, %d, %d, %v", h, FileName(h), channel, typeVersion, revision, ok)
		}
	})
}
