package strictjson

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// A team is a document of these tests: strings, integers, a list of objects.
type team struct {
	Name    string
	Size    uint64
	Shift   int64
	Active  bool
	Colour  int
	Members []member
}

type member struct {
	Name string
	Tags []string
}

var (
	teamKeys   = Keys{Required: []string{"name", "size"}, Optional: []string{"shift", "active", "colour", "members"}}
	memberKeys = Keys{Required: []string{"name"}, Optional: []string{"tags"}}
)

func readTeam(data string) (team, error) {
	var t team
	err := Read("team.json", []byte(data), Limits{Size: 1 << 20, Depth: 4}, func(d *Decoder) { t.read(d) })
	return t, err
}

func (t *team) read(d *Decoder) {
	for key := range d.Object(teamKeys) {
		switch key {
		case "name":
			t.Name = d.String()
		case "size":
			t.Size = d.Uint(1, 99)
		case "shift":
			t.Shift = d.Int(-5, 5)
		case "active":
			t.Active = d.Bool()
		case "colour":
			t.Colour = d.Enum("red", "green", "blue")
		case "members":
			for range d.Array() {
				at := d.Next()
				var m member
				for key := range d.Object(memberKeys) {
					switch key {
					case "name":
						if m.Name = d.String(); m.Name == "nobody" {
							d.Failf("found nobody; expected somebody")
						}
					case "tags":
						for range d.Array() {
							m.Tags = append(m.Tags, d.String())
						}
					}
				}
				if len(m.Tags) > 2 {
					d.FailAt(at, "tags", "found %d tags; expected 2", len(m.Tags))
				}
				t.Members = append(t.Members, m)
			}
			if len(t.Members) == 0 {
				d.Failf("found nobody at all")
			}
		}
	}
}

func (t *team) write(w *Writer) {
	w.Object(func() {
		w.Key("name")
		w.String(t.Name)
		w.Key("size")
		w.Uint(t.Size)
		w.Key("shift")
		w.Int(t.Shift)
		w.Key("active")
		w.Bool(t.Active)
		w.Key("colour")
		w.String([]string{"red", "green", "blue"}[t.Colour])
		w.Key("members")
		w.Array(func() {
			for _, m := range t.Members {
				w.InlineObject(func() {
					w.Key("name")
					w.String(m.Name)
					w.Key("tags")
					w.Array(func() {
						for _, s := range m.Tags {
							w.String(s)
						}
					})
				})
			}
		})
	})
}

func TestReadRefuses(t *testing.T) {
	deep := strings.Repeat("[", 9)
	for _, tt := range []struct {
		why, data string
		kind      error
		want      string
	}{
		{"nothing", "", ErrSyntax, `team.json:1:1: the document is empty; expected a JSON value`},
		{"only space", "\n \n", ErrSyntax, `team.json:3:1: the document is empty; expected a JSON value`},
		{"a byte order mark", "\ufeff{}", ErrUTF8, `team.json:1:1: found a byte order mark; expected UTF-8 without one`},
		{"UTF-16", "\xff\xfe{\x00", ErrUTF8, `team.json:1:1: found a byte order mark of UTF-16; expected UTF-8`},
		{"UTF-16, big-endian", "\xfe\xff\x00{", ErrUTF8, `team.json:1:1: found a byte order mark of UTF-16; expected UTF-8`},
		{"not UTF-8", "{\"name\":\n\"caf\xe9\"}", ErrUTF8, `team.json:2:5: found byte 0xe9 (233), which is not UTF-8; expected text in UTF-8`},
		{"too large", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, ErrSize, `team.json:1:1: the document has 1048587 bytes (0x10000b); expected at most 1048576 (0x100000)`},
		{"another type at the top", `[]`, ErrType, `team.json:1:1: found an array; expected an object`},
		{"zeros", "\x00\x00", ErrSyntax, `team.json:1:1: found byte 0x00 (0); expected an object`},
		{"nesting", `{"name":"a","size":1,"members":[{"name":"b","tags":[` + deep, ErrType, `team.json:1:53: members[0].tags[0]: found an array; expected a string`},

		{"unknown key, near one", `{"name":"a","sise":1}`, ErrUnknownKey, `team.json:1:13: unknown key "sise"; did you mean "size"?`},
		{"unknown key, letters swapped", `{"nmae":"a"}`, ErrUnknownKey, `team.json:1:2: unknown key "nmae"; did you mean "name"?`},
		{"wrong case", `{"Name":"a"}`, ErrUnknownKey, `team.json:1:2: unknown key "Name"; did you mean "name"?`},
		{"unknown key, far from any", `{"members":[{"zzz":1}]}`, ErrUnknownKey, `team.json:1:14: members[0]: unknown key "zzz"; expected "name" or "tags"`},
		{"very long unknown key", `{"` + strings.Repeat("k", 99) + `":1}`, ErrUnknownKey, `team.json:1:2: unknown key "` + strings.Repeat("k", 60) + `"...; expected "name", "size", "shift", "active", "colour" or "members"`},
		{"unknown key that would break a line", `{"a\nb":1}`, ErrUnknownKey, `team.json:1:2: unknown key "a\nb"; expected "name", "size", "shift", "active", "colour" or "members"`},
		{"duplicate key", `{"name":"a","size":1,"name":"b"}`, ErrDuplicateKey, `team.json:1:22: key "name" occurs twice; expected it once`},
		{"duplicate key in disguise", `{"name":"a","\u006eame":"b"}`, ErrDuplicateKey, `team.json:1:13: key "name" occurs twice; expected it once`},
		{"missing key", "{\"name\":\"a\"}", ErrMissingKey, `team.json:1:1: key "size" is missing`},
		{"missing key further down", "{\"members\":\n [{}]}", ErrMissingKey, `team.json:2:3: members[0]: key "name" is missing`},

		{"trailing word", `{"name":"a","size":1} x`, ErrTrailing, `team.json:1:23: found 'x' after the end of the document; expected nothing`},
		{"trailing document", `{"name":"a","size":1}{}`, ErrTrailing, `team.json:1:22: found an object after the end of the document; expected nothing`},
		{"trailing zero byte", "{\"name\":\"a\",\"size\":1}\x00", ErrTrailing, `team.json:1:22: found byte 0x00 (0) after the end of the document; expected nothing`},

		{"null", `{"name":null}`, ErrType, `team.json:1:9: name: found null; expected a string`},
		{"number for a string", `{"name":-12.5e3}`, ErrType, `team.json:1:9: name: found the number -12.5e3; expected a string`},
		{"very long number for a string", `{"name":` + strings.Repeat("1", 99) + `}`, ErrType, `team.json:1:9: name: found the number ` + strings.Repeat("1", 60) + `...; expected a string`},
		{"bool for a string", `{"name":true}`, ErrType, `team.json:1:9: name: found true; expected a string`},
		{"string for a number", `{"size":"1"}`, ErrType, `team.json:1:9: size: found the string "1"; expected an integer`},
		{"open string for a number", `{"size":"1`, ErrType, `team.json:1:9: size: found a string; expected an integer`},
		{"string for a bool", `{"active":"true"}`, ErrType, `team.json:1:11: active: found the string "true"; expected true or false`},
		{"null for a bool", `{"active":null}`, ErrType, `team.json:1:11: active: found null; expected true or false`},
		{"object for an array", `{"members":{}}`, ErrType, `team.json:1:12: members: found an object; expected an array`},
		{"array for an object", `{"members":[[]]}`, ErrType, `team.json:1:13: members[0]: found an array; expected an object`},
		{"number for an enum", `{"colour":1}`, ErrType, `team.json:1:11: colour: found the number 1; expected "red", "green" or "blue"`},
		{"Python's None", `{"name":None}`, ErrSyntax, `team.json:1:9: name: found 'N'; expected a string`},
		{"single quotes", `{'name':1}`, ErrSyntax, `team.json:1:2: found '\''; expected a key in double quotes`},
		{"comment", `{"name": // hi`, ErrSyntax, `team.json:1:10: name: found '/'; expected a string`},
		{"control byte", "{\"name\":\x7f", ErrSyntax, `team.json:1:9: name: found byte 0x7f (127); expected a string`},

		{"fraction", `{"size":1.0}`, ErrType, `team.json:1:9: size: found 1.0; expected an integer in digits alone, without fraction or exponent`},
		{"exponent", `{"size":1e1}`, ErrType, `team.json:1:9: size: found 1e1; expected an integer in digits alone, without fraction or exponent`},
		{"leading zero", `{"size":01}`, ErrSyntax, `team.json:1:9: size: found 01; expected a number without a leading zero, and a digit after a minus`},
		{"minus zero", `{"shift":-0}`, ErrSyntax, `team.json:1:10: shift: found -0; expected a number without a leading zero, and a digit after a minus`},
		{"minus alone", `{"shift":-}`, ErrSyntax, `team.json:1:10: shift: found -; expected a number without a leading zero, and a digit after a minus`},
		{"too small", `{"size":0}`, ErrRange, `team.json:1:9: size: found the number 0; expected an integer from 1 to 99`},
		{"too large", `{"size":100}`, ErrRange, `team.json:1:9: size: found the number 100; expected an integer from 1 to 99`},
		{"negative", `{"size":-1}`, ErrRange, `team.json:1:9: size: found the number -1; expected an integer from 1 to 99`},
		{"beyond 64 bits", `{"size":18446744073709551617}`, ErrRange, `team.json:1:9: size: found the number 18446744073709551617; expected an integer from 1 to 99`},
		{"signed, too small", `{"shift":-6}`, ErrRange, `team.json:1:10: shift: found the number -6; expected an integer from -5 to 5`},
		{"signed, beyond 64 bits", `{"shift":9223372036854775808}`, ErrRange, `team.json:1:10: shift: found the number 9223372036854775808; expected an integer from -5 to 5`},
		{"signed, no number", `{"shift":[]}`, ErrType, `team.json:1:10: shift: found an array; expected an integer`},

		{"enum, near", `{"colour":"gren"}`, ErrValue, `team.json:1:11: colour: found the string "gren"; expected "red", "green" or "blue"; did you mean "green"?`},
		{"enum, wrong case", `{"colour":"Red"}`, ErrValue, `team.json:1:11: colour: found the string "Red"; expected "red", "green" or "blue"; did you mean "red"?`},
		{"enum, far", `{"colour":"mauve"}`, ErrValue, `team.json:1:11: colour: found the string "mauve"; expected "red", "green" or "blue"`},
		{"enum, broken string", `{"colour":"\q"}`, ErrSyntax, `team.json:1:12: colour: found an unknown escape; expected one of \" \\ \/ \b \f \n \r \t \u0000`},
		{"meaning", `{"members":[{"name":"x"},{"name":"nobody"}]}`, ErrValue, `team.json:1:34: members[1].name: found nobody; expected somebody`},
		{"meaning of a whole", `{"members":[{"name":"x","tags":["a","b","c"]}]}`, ErrValue, `team.json:1:13: members[0].tags: found 3 tags; expected 2`},
		{"meaning of an array", `{"members": []}`, ErrValue, `team.json:1:13: members: found nobody at all`},

		{"no colon", `{"name" "a"}`, ErrSyntax, `team.json:1:9: found the string "a"; expected a colon after the key "name"`},
		{"no comma", `{"name":"a" "size":1}`, ErrSyntax, `team.json:1:13: found the string "size"; expected a comma or '}'`},
		{"trailing comma in an object", `{"name":"a",}`, ErrSyntax, `team.json:1:12: found a comma before '}'; expected a key after it, or no comma`},
		{"trailing comma in an array", `{"members":[{"name":"a"} , ]}`, ErrSyntax, `team.json:1:26: members: found a comma before ']'; expected an element after it, or no comma`},
		{"wrong bracket", `{"members":[}`, ErrSyntax, `team.json:1:13: members[0]: found '}'; expected an object`},
		{"cut in an object", `{"name":"a"`, ErrSyntax, `team.json:1:12: found the end of the document; expected a comma or '}'`},
		{"cut before a value", `{"name":`, ErrSyntax, `team.json:1:9: name: found the end of the document; expected a string`},
		{"cut in a string", `{"name":"a`, ErrSyntax, `team.json:1:9: name: the document ends inside the string that starts here; expected a closing double quote`},
		{"cut in a key", `{"name`, ErrSyntax, `team.json:1:2: the document ends inside the string that starts here; expected a closing double quote`},
		{"newline in a string", "{\"name\":\"a\nb\"}", ErrSyntax, `team.json:1:11: name: found byte 0x0a (10) in a string; expected it written as an escape, or the string ended by a double quote`},
		{"escape cut short", `{"name":"\u00`, ErrSyntax, `team.json:1:10: name: found an unknown escape; expected one of \" \\ \/ \b \f \n \r \t \u0000`},
		{"escape with a sign", `{"name":"\u+041"}`, ErrSyntax, `team.json:1:10: name: found an unknown escape; expected one of \" \\ \/ \b \f \n \r \t \u0000`},
		{"half of a pair", `{"name":"\ud83d"}`, ErrUTF8, `team.json:1:10: name: found \ud83d, half of a surrogate pair; expected both halves`},
		{"two first halves", `{"name":"\ud83d\ud83d"}`, ErrUTF8, `team.json:1:10: name: found \ud83d, half of a surrogate pair; expected both halves`},
		{"second half first", `{"name":"\udc00\ud83d"}`, ErrUTF8, `team.json:1:10: name: found \udc00, half of a surrogate pair; expected both halves`},
	} {
		t.Run(tt.why, func(t *testing.T) {
			_, err := readTeam(tt.data)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v; want an *Error", err)
			}
			if !errors.Is(err, tt.kind) {
				t.Errorf("error is of the kind %v; want %v", errors.Unwrap(e.Err), tt.kind)
			}
			if err.Error() != tt.want {
				t.Errorf("error is\n%s\nwant\n%s", err, tt.want)
			}
		})
	}
}

func TestReadDepth(t *testing.T) {
	var nested func(d *Decoder)
	nested = func(d *Decoder) {
		for range d.Array() {
			nested(d)
		}
	}
	for _, tt := range []struct {
		why   string
		depth int
		kind  error
	}{
		{"as deep as may be", 100, nil},
		{"one more", 101, ErrDepth},
		{"an attack", 1 << 20, ErrDepth},
	} {
		data := strings.Repeat("[", tt.depth) + strings.Repeat("]", tt.depth)
		if err := Read("f", []byte(data), Limits{Size: math.MaxInt, Depth: 100}, nested); !errors.Is(err, tt.kind) {
			t.Errorf("%s: %d deep: error is %v; want %v", tt.why, tt.depth, err, tt.kind)
		}
	}
}

// A loop that is left early leaves a value half read, which the rest of the
// document cannot make good.
func TestReadLoopLeft(t *testing.T) {
	for _, data := range []string{`[1,2]`, `{"name":1,"size":2}`} {
		err := Read("f", []byte(data), Limits{Size: 99, Depth: 9}, func(d *Decoder) {
			if data[0] == '[' {
				for range d.Array() {
					d.Uint(0, 9)
					break
				}
				return
			}
			for range d.Object(teamKeys) {
				d.Uint(0, 9)
				break
			}
		})
		if !errors.Is(err, ErrTrailing) {
			t.Errorf("%s: error is %v; want %v", data, err, ErrTrailing)
		}
	}
}

// The first failure stands, and nothing is read after it.
func TestReadFirstFailure(t *testing.T) {
	err := Read("f", []byte(`[1, "a", true, 2]`), Limits{Size: 99, Depth: 9}, func(d *Decoder) {
		for i := range d.Array() {
			if i > 0 {
				t.Errorf("element %d was read after a failure", i)
			}
			s, n, b, u, e := d.String(), d.Int(0, 9), d.Bool(), d.Uint(0, 9), d.Enum("a", "b")
			if s != "" || n != 0 || b || u != 0 || e != 0 || !d.Failed() {
				t.Errorf("after a failure, read %q, %d, %v, %d, %d; want zero values", s, n, b, u, e)
			}
			for range d.Object(teamKeys) {
				t.Error("a key was read after a failure")
			}
			d.Failf("second")
			d.FailAt(0, "sub", "third")
		}
	})
	if got, want := err.Error(), "f:1:2: [0]: found the number 1; expected a string"; got != want {
		t.Errorf("error is %q; want %q", got, want)
	}
}

func TestReadAccepts(t *testing.T) {
	for _, tt := range []struct {
		why, data string
		want      string // the name
	}{
		{"space wherever it may stand", " {\r\n\t\"name\" : \"a\" , \"size\" : 1 } \n", "a"},
		{"every escape", `{"name":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00","size":1}`, "\"\\/\b\f\n\r\té😀"},
		{"text between escapes", `{"name":"a\u0062c\u0064e","size":1}`, "abcde"},
		{"a key with an escape", `{"n\u0061me":"a","size":1}`, "a"},
		{"bytes as they are", "{\"name\":\"é\u2028\x7f😀\",\"size\":1}", "é\u2028\x7f😀"},
		{"a U+FFFD that is really there", "{\"name\":\"\ufffd\",\"size\":1}", "\ufffd"},
		{"empty string", `{"name":"","size":1}`, ""},
		{"empty arrays", `{"name":"a","size":1,"members":[{"name":"b","tags":[ ]}]}`, "a"},
	} {
		if got, err := readTeam(tt.data); err != nil || got.Name != tt.want {
			t.Errorf("%s: read %q, %v; want %q", tt.why, got.Name, err, tt.want)
		}
	}
}

// Null reads null and nothing else, and not after a failure.
func TestNull(t *testing.T) {
	var got []bool
	err := Read("f", []byte(`[null, 1, "null" , null,"a", null]`), Limits{Size: 99, Depth: 9}, func(d *Decoder) {
		for range d.Array() {
			got = append(got, d.Null())
			switch len(got) {
			case 2:
				d.Uint(0, 1)
			case 3:
				_ = d.String()
			case 5:
				d.Uint(0, 1)
				got = append(got, d.Null())
			}
		}
	})
	if want := []bool{true, false, false, true, false, false}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err == nil || !strings.Contains(err.Error(), `f:1:25: [4]: found the string "a"; expected an integer`) {
		t.Errorf("error %v", err)
	}
	if err := Read("f", []byte("nullx"), Limits{Size: 99, Depth: 9}, func(d *Decoder) { d.Null() }); err == nil {
		t.Error("a longer word is null")
	}
}

func TestWriterForm(t *testing.T) {
	w := new(Writer)
	(&team{Name: "a\"\\\n\t\x01\x7f\u2028é", Size: 7, Shift: -3, Active: true, Colour: 1, Members: []member{
		{"b", []string{"x", "y"}}, {"c", nil},
	}}).write(w)
	got, err := w.Bytes()
	want := `{
  "name": "a\"\\\n\t\u0001\u007f` + "\u2028" + `é",
  "size": 7,
  "shift": -3,
  "active": true,
  "colour": "green",
  "members": [
    {"name": "b", "tags": ["x", "y"]},
    {"name": "c", "tags": []}
  ]
}
`
	if err != nil || string(got) != want {
		t.Errorf("wrote %s, %v; want %s", got, err, want)
	}

	w = new(Writer)
	w.Array(func() {
		w.Array(func() {})
		w.InlineArray(func() { w.Uint(1); w.InlineArray(func() { w.Uint(2); w.Uint(3) }); w.Object(func() {}) })
	})
	got, err = w.Bytes()
	if want := "[\n  [],\n  [1, [2, 3], {}]\n]\n"; err != nil || string(got) != want {
		t.Errorf("wrote %s, %v; want %s", got, err, want)
	}
}

func TestWriterNotUTF8(t *testing.T) {
	w := new(Writer)
	w.Array(func() { w.String("a\xff"); w.String("b\xff") })
	if _, err := w.Bytes(); err == nil || err.Error() != `"a\xff" is not UTF-8, so JSON cannot represent it` {
		t.Errorf("error is %v; want one about the first string that is not UTF-8", err)
	}
}

func TestWriteRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		want := team{
			Name: text.Draw(t, "name"), Size: rapid.Uint64Range(1, 99).Draw(t, "size"),
			Shift: rapid.Int64Range(-5, 5).Draw(t, "shift"), Active: rapid.Bool().Draw(t, "active"),
			Colour: rapid.IntRange(0, 2).Draw(t, "colour"),
			Members: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) member {
				return member{text.Draw(t, "member"), rapid.SliceOfN(text, 0, 2).Draw(t, "tags")}
			}), 1, 3).Draw(t, "members"),
		}
		w := new(Writer)
		want.write(w)
		data, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(data) {
			t.Fatalf("wrote what is not JSON: %s", data)
		}
		got, err := readTeam(string(data))
		if err != nil {
			t.Fatalf("reading %s: %v", data, err)
		}
		again := new(Writer)
		got.write(again)
		if b, _ := again.Bytes(); string(b) != string(data) {
			t.Errorf("wrote %s, read and wrote %s", data, b)
		}
	})
}

func TestSuggest(t *testing.T) {
	names := []string{"access", "at", "formats"}
	for _, tt := range []struct{ why, word, want string }{
		{"a letter missing", "acess", "access"},
		{"a letter too many", "acccess", "access"},
		{"another letter", "format5", "formats"},
		{"two swapped", "fromats", "formats"},
		{"two mistakes", "axcesz", "access"},
		{"three mistakes", "xxxess", ""},
		{"case alone", "FORMATS", "formats"},
		{"a short name must be near", "ax", ""},
		{"a short name in another case", "AT", "at"},
		{"nothing", "", ""},
		{"longer than any name", strings.Repeat("access", 20), ""},
	} {
		want := ""
		if tt.want != "" {
			want = `; did you mean "` + tt.want + `"?`
		}
		if got := Suggested("unknown key \"did you mean \\\"x\\\"?\"" + want); got != tt.want {
			t.Errorf("%s: Suggested of %q is %q; want %q", tt.why, want, got, tt.want)
		}
		if got := Suggest(tt.word, names); got != want {
			t.Errorf("%s: Suggest(%q) = %q; want %q", tt.why, tt.word, got, want)
		}
	}
}

// FuzzString compares the reader of strings with encoding/json. Both accept the same
// strings, except strings that cannot be represented, and read the same values.
func FuzzString(f *testing.F) {
	for _, s := range []string{`"a"`, `"\u00e9\n"`, `"\ud83d\ude00"`, `"\ud83d"`, `"a`, `"\x"`, "\"\xff\"", `"a" "b"`, ` "" `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got string
		err := Read("f", data, Limits{Size: 1 << 16, Depth: 2}, func(d *Decoder) { got = d.String() })
		var want string
		wantErr := json.Unmarshal(data, &want)
		if err == nil {
			if wantErr != nil || got != want {
				t.Errorf("%q read as %q; encoding/json says %q, %v", data, got, want, wantErr)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(data) {
			t.Fatalf("%q: %v is not an *Error inside of the document", data, err)
		}
		before := string(data[:e.Offset])
		if line, column := 1+strings.Count(before, "\n"), e.Offset-strings.LastIndexByte(before, '\n'); e.Line != line || e.Column != column {
			t.Errorf("%q: failure at %d is said to be %d:%d; it is %d:%d", data, e.Offset, e.Line, e.Column, line, column)
		}
		null := strings.TrimSpace(string(data)) == "null" // which encoding/json reads into anything
		if wantErr == nil && !null && !errors.Is(err, ErrUTF8) && !errors.Is(err, ErrSize) {
			t.Errorf("%q: %v; encoding/json reads %q", data, err, want)
		}
		if !utf8.ValidString(e.Error()) {
			t.Errorf("%q: the message %q is not UTF-8", data, e.Error())
		}
	})
}
