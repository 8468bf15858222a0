package asm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAssemble(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string // in hexadecimal; spaces are ignored
		why  string
	}{
		{"nothing", "", "", "a file of no bytes"},
		{"numbers", "block a:\n  u8 1, u16 0x0203, u32 4, u64 5\n", "01 0302 04000000 0500000000000000", "little-endian, in their widths"},
		{"negative", "block a:\n  i64 -2, u8 -1\n", "feffffffffffffff ff", "two's complement"},
		{"ends", "block a:\n  u8 255, u64 0xFFFFFFFFFFFFFFFF, i64 -0x8000000000000000\n", "ff ffffffffffffffff 0000000000000080", "the greatest and the least that fit"},
		{"expressions", "def two = 2\ndef add(a, b) = a + b\nblock a:\n  u8 1 + two * 3, u8 (1 + two) * 3, u8 add(1 + 1, two) * 2, u8 7 / 2, u8 7 % 4, u8 10 - 3 - 2, u8 -two + 3\n", "07 09 08 03 03 05 01", "products before sums, from left to right, arguments as one"},
		{"strings", "block a:\n  str \"a\\n\\xff\", str `\\n # no comment`\n", "610aff 5c6e2023206e6f20636f6d6d656e74", "quoted as in Go"},
		{"wide", "block a:\n  wide \"aé\U0001F600\", wide \"b\" of 3, wide \"\" of 1\n", "6100 e900 3dd8 00de 6200 0000 0000 0000", "UTF-16, filled with zero bytes"},
		{"hex", "block a:\n  hex 89 0D 1a1A\n", "890d1a1a", "digits of either case, in any groups"},
		{"uuid", "block a:\n  uuid 00112233-4455-6677-8899-aabbccddeeff\n", "00112233445566778899aabbccddeeff", "in the order written"},
		{"ip", "block a:\n  ip \"10.0.0.1\", ip \"::1\"\n", "00000000000000000000ffff0a000001 00000000000000000000000000000001", "IPv4 is mapped"},
		{"fill and align", "block a:\n  fill 2 with 0xAA, fill 1, align 4, align 4, align 8 with 1\n", "aaaa00 00 01010101", "up to the next multiple, and no further"},
		{"labels", "block a of 2:\n  x: u16 7\n  y: u16 8, u16 9\nblock b:\n  u8 off(y), u8 len(y), u8 end(y), u8 index(y), u8 count(y), u8 count(a), u8 size, u8 off(b)\n", "0700 0800 0900 02 04 06 01 02 03 0e 06", "places and lengths, in bytes and in entries"},
		{"before", "block a:\n  u8 len(b), u8 off(a.z)\n  z: u8 0\nblock b:\n  u8 1, u8 2\n", "02 02 00 01 02", "what comes later can be named"},
		{"records", "record pair(a, b): low=u8 a, high=u8 b\nblock a:\n  p: pair(1, 1 + 1)\n  u8 off(p.high)\n", "01 02 01", "fields of a record have names"},
		{"records in records", "record one(a): u8 a\nrecord both(a, b): one(b), one(a)\nblock a:\n  both(1, 2)\n", "02 01", "a record of records"},
		{"repeat", "block a:\n  repeat 3 as i: u8 i * 2, u8 0xEE\n", "00ee 02ee 04ee", "with the number of the repetition"},
		{"continued", "block a:\n  x: u8 1,   # more follows\n\n     u8 2,\nu8 3\n  u8 len(x)\n", "010203 03", "after a comma an item goes on, whatever stands between"},
		{"comments", "# nothing\nblock a:   # a block\n\n  # nothing\n  u8 1 # one\n", "01", "comments and blank lines"},
		{"set", "block a:\n  x: u8 1\n  y: uuid 00112233-4455-6677-8899-aabbccddeeff\nset x = 2\nset a.y = ffffffff-ffff-ffff-ffff-ffffffffffff\n", "02 ffffffffffffffffffffffffffffffff", "another value of the same kind"},
		{"set a field", "record pair(a, b): low=u8 a, high=u8 b\nblock a:\n  p: pair(1, 2)\nset p.low = 9\n", "09 02", "a field of a record"},
		{"replace item", "block a:\n  x: u8 1\n  u8 len(x)\nreplace x: u16 2, u8 3\n", "020003 03", "lengths follow"},
		{"replace field", "record pair(a, b): low=u8 a, high=u8 b\nblock a:\n  p: pair(1, 2)\n  u8 off(p.high)\nreplace p.low: u16 9\n", "0900 02 02", "with data of another size"},
		{"replace by nothing", "block a:\n  x: u8 1\n  u8 len(x)\nreplace x:\n", "00", "an empty item keeps its label"},
		{"replace block", "block a:\n  x: u8 1\n  u8 2\nreplace a:\n  y: u8 3\n", "03", "all its items"},
		{"append to", "block a:\n  u8 1\nblock b:\n  u8 9\nappend to a:\n  u8 2\n", "01 02 09", "at the end of the block"},
		{"insert", "block a:\n  x: u8 1\ninsert before x:\n  u8 0\ninsert after x:\n  u8 2\n", "00 01 02", "on either side of an item"},
		{"insert block", "block a:\n  u8 1\ninsert block b of 2 before a:\n  u16 0\ninsert block c after b:\n  u8 count(b)\n", "0000 01 01", "on either side of a block"},
		{"remove", "record pair(a, b): low=u8 a, high=u8 b\nblock a:\n  x: u8 1\n  p: pair(2, 3)\nblock b:\n  u8 9\nremove x\nremove p.low\nremove b\n", "03", "an item, a field, a block"},
		{"swap", "block a:\n  x: u8 1\n  y: u16 2\nblock b:\n  u8 off(x)\nswap x, y\nswap a, b\n", "03 0200 01", "two items, two blocks; labels go with them"},
		{"patch", "block a:\n  x: u16 0x1234\npatch x+1 = ff\npatch x ^= 01\n", "35ff", "set and flipped"},
		{"append", "block a:\n  u8 1\nappend u8 2, align 4 with 3\nappend itself\n", "01020303 01020303", "in the order of the statements"},
		{"truncate", "block a:\n  u32 1\ntruncate at size - 1\n", "010000", "the end is cut off"},
		{"reverse", "block a:\n  x: u32 1\n  y: u16 2\nreverse x, y\n", "00000001 0002", "each by itself"},
		{"transfer", "block a:\n  str \"a\\r\\n\"\ntransfer \"crlf to lf\"\n", "610a", "as the finished file is sent"},
		{"assert", "block a:\n  u8 1\nassert size = 1\nassert len(a) * 2 = size + 1\n", "01", "what holds changes nothing"},
		{"the same name twice", "block a:\n  x: u8 1\nblock b:\n  x: u8 2\nset b.x = 3\n", "01 03", "the block says which"},
	}
	for _, tt := range tests {
		if tt.why == "" {
			t.Fatalf("%s: no why", tt.name)
		}
		t.Run(tt.name, func(t *testing.T) {
			im, err := Assemble(Source{Name: "x", Text: tt.text})
			if err != nil {
				t.Fatal(err)
			}
			want, err := hex.DecodeString(strings.ReplaceAll(tt.want, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(im.Data, want) {
				t.Errorf("% x, want % x: %s", im.Data, want, tt.why)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		text string
		want string // line and part of the message
		why  string
	}{
		{"blok a:\n", `x:1: unknown statement "blok"`, "a misspelt statement"},
		{"\n\nblock a:\n  u9 1\n", `x:4: unknown kind of data "u9"`, "the line of the item, not of the block"},
		{"  u8 1\n", "x:1: indented, but there is no statement above", "an item of nothing"},
		{"block a:\n  u8 256\n", "x:2: 256 does not fit into 1 bytes", "numbers are not cut off"},
		{"block a:\n  u8 -129\n", "x:2: -129 does not fit", "on neither side"},
		{"block a:\n  u8 nothing\n", `x:2: unknown name "nothing"`, "a name that was never defined"},
		{"block a:\n  u8 off(nothing)\n", "x:2: nothing is called nothing", "a path that leads nowhere"},
		{"block a:\n  x: u8 1\nblock b:\n  x: u8 off(x)\n", "x:4: 2 things are called x; write block.x", "a path that leads to two places"},
		{"block a:\n  u8 1 / 0\n", "x:2: division by zero", "no panic"},
		{"block a of 0:\n", "x:1: the size of an entry is 0", "no panic later"},
		{"block a of 4:\n  x: u8 count(x)\n", "x:2: the length of x is 1 bytes, not a multiple of the 4", "half an entry is none"},
		{"block a:\n  align 0\n", "x:2: alignment to 0 bytes", "no panic"},
		{"block a:\n  fill len(a)\n", "x:2: a has no place yet", "sizes cannot depend on places"},
		{"block a:\n  fill size\n", "x:2: size is not known yet", "nor on the size"},
		{"block a:\n  fill 1 - 2\n", "x:2: the number of bytes is -1", "a size below zero"},
		{"block a:\n  fill 0x1000000, fill 1\n", "x:2: the file is larger than", "a slip does not fill the disk"},
		{"block a:\n  fill 1 with 256\n", "x:2: the byte to fill with is 256", "one byte"},
		{"block a:\n  repeat 0x1000001 as i: u8 1\n", "x:2: the number of repetitions is", "a slip does not fill the memory"},
		{"block a:\n  repeat 5000 as i: repeat 5000 as k: u8 1\n", "x:2: more than 1048576 words", "nor do two"},
		{doublings(), "more than 1048576 words", "nor do names that stand for two others each"},
		{"def a(x) = a(x)\nblock b:\n  u8 a(1)\n", "nested deeper than 32", "a name that means itself"},
		{"record a(x): a(x)\nblock b:\n  a(1)\n", "nested deeper than 32", "a record that holds itself"},
		{"block a:\n  u8 " + strings.Repeat("(", 1000) + "\n", "nested deeper than 32", "no recursion without an end"},
		{"block a:\n  u8 " + strings.Repeat("-", 1000) + "1\n", "nested deeper than 32", "nor by signs"},
		{"def size = 1\n", "x:1: size is a function already", "a name with two meanings"},
		{"def a =\n", "x:1: a has no body", "a name for nothing"},
		{"def f(a, b) = a\nblock b:\n  u8 f(1)\n", "x:3: f has 1 arguments and wants 2", "an argument is missing"},
		{"def f(a) = a\nblock b:\n  u8 f()\n", "x:3: f has an empty argument", "an argument that is nothing"},
		{"def f(a) = a\nblock b:\n  u8 f(1\n", "x:3: no closing parenthesis", "it never ends"},
		{"block a:\n  hex 1\n", "x:2: \"1end of line\" where pairs", "half a byte"},
		{"block a:\n  hex\n", "where pairs of hexadecimal digits were expected", "no byte"},
		{"block a:\n  str 1\n", `x:2: "1" where a string was expected`, "not a string"},
		{"block a:\n  wide 1\n", `x:2: "1" where a string was expected`, "not a string"},
		{"block a:\n  wide \"abc\" of 2\n", "x:2: the string has 3 units (want at most 2)", "it does not fit"},
		{"block a:\n  wide \"abc\" of x\n", "x:2: unknown name", "not a number"},
		{"block a:\n  str \"a\n", "x:2: string without an end", "an open quote"},
		{"block a:\n  u8 1 2\n", `x:2: "2" after the end`, "a comma is missing"},
		{"block a:\n  u8 1;\n", "x:2: unknown character ';'", "not of the language"},
		{"block a:\nblock a:\n", "x:2: block a is there already", "two blocks of one name"},
		{"block a:\n  x: str \"s\"\nset x = 1\n", "x:3: \"1\" where a UUID", "set keeps the kind"},
		{"block a:\n  x: u8 1, u8 2\nset x = 1\n", "x:3: x is not one datum", "which of the two?"},
		{"block a:\n  x: fill 2\nset x = 1\n", "x:3: x is neither a number nor a UUID", "set is for values"},
		{"set x = 1\n", "x:1: nothing is called x", "a base that was changed"},
		{"block a:\n  x: u8 1\nset x = 2\n  u8 3\n", "x:4: indented, but the statement above has no items", "items of nothing"},
		{"block a:\n  x: u8 1\nset x = 300\n", "x:3: 300 does not fit", "the line that set it is to blame"},
		{"block a:\n  x: u8 1\nappend to x:\n  u8 1\n", "x:3: x is not a block", "items belong to blocks"},
		{"block a:\n  x: u8 1\ninsert before a:\n  u8 1\n", "x:3: a block goes before", "items before a block"},
		{"block a:\n  x: u8 1\nblock b:\n  y: u8 1\nswap x, y\n", "x:5: x and y are neither", "two items of two blocks"},
		{"block a:\n  x: u8 1\nassert size = 3\n", "x:3: 1 (0x1) is not 3 (0x3)", "what a comment says may rot, an assertion cannot"},
		{"block a:\n  x: u8 1\npatch x = 01\n", "x:3: byte 0x0 is 0x01 already", "a damage that does nothing is a mistake"},
		{"block a:\n  x: u8 1\ndamage x+1 = 01\n", "x:3: x+1 is outside the file", "behind the end"},
		{"block a:\n  u8 1\n" + strings.Repeat("append itself\n", 100), "x:27: the file is larger than", "doubling does not fill the memory"},
		{"block a:\n  u8 1\nappend fill 0x1000000\n", "x:3: the file is larger than", "nor does appending"},
		{"block a:\n  x: u8 1\ntruncate at 1\n", "x:3: the file has 1 bytes; cutting it at 1 changes nothing", "a damage that does nothing is a mistake"},
		{"block a:\n  u8 1\ntransfer \"pigeon\"\n", `x:3: unknown transfer "pigeon"`, "there are five"},
		{"block a:\n  x: u8 1\n  sha256 b\n", "x:3: nothing is called b", "a digest of nothing"},
		{"block a:\n  u8 1\nblock b:\n  u8 1\nblock c:\n  sha256 c..a\n", "x:6: a ends before c starts", "a digest backwards"},
	}
	for _, tt := range tests {
		if tt.why == "" {
			t.Fatalf("%s: no why", tt.text)
		}
		_, err := Assemble(Source{Name: "x", Text: tt.text})
		if err == nil {
			t.Errorf("%q: no error, but %s", tt.text, tt.why)
			continue
		}
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%q: a %T, want an *Error", tt.text, err)
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %q does not say %q", tt.text, err, tt.want)
		}
	}
}

// doublings returns a text with 25 names, each twice as long as the previous
// one.
func doublings() string {
	var b strings.Builder
	b.WriteString("def n0 = 1\n")
	for i := range 25 {
		fmt.Fprintf(&b, "def n%d = n%d + n%d\n", i+1, i, i)
	}
	b.WriteString("block a:\n  u8 n25\n")
	return b.String()
}

// TestDigests checks that digests are computed after the patches, in the order
// of the file, and before any damage.
func TestDigests(t *testing.T) {
	im, err := Assemble(Source{Name: "x", Text: `
block a:
  x: u8 1
block b:
  one: sha256 a
block c:
  two: sha256 a..b
patch x = 02
damage x = 03
`})
	if err != nil {
		t.Fatal(err)
	}
	one := sha256.Sum256([]byte{2})
	two := sha256.Sum256(append([]byte{2}, one[:]...))
	want := append(append([]byte{3}, one[:]...), two[:]...)
	if !bytes.Equal(im.Data, want) {
		t.Errorf("% x\nwant % x", im.Data, want)
	}
}

func TestSeveralSources(t *testing.T) {
	im, err := Assemble(
		Source{Name: "first", Text: "block a:\n  x: u8 1\n"},
		Source{Name: "second", Text: "set x = 2\n"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{2}; !bytes.Equal(im.Data, want) {
		t.Errorf("% x, want % x", im.Data, want)
	}
	if _, err := Assemble(
		Source{Name: "first", Text: "block a:\n  x: u8 1\nassert size = 1\n"},
		Source{Name: "second", Text: "append to a:\n  u8 2\nassert size = 2\n"},
	); err != nil {
		t.Errorf("an assertion of the first text outlived it: %v", err)
	}
	_, err = Assemble(
		Source{Name: "first", Text: "block a:\n  x: u8 1\n"},
		Source{Name: "second", Text: "\nset y = 2\n", Line: 10},
	)
	if err == nil || err.Error() != "second:11: nothing is called y" {
		t.Errorf("error %v", err)
	}
}

func TestImage(t *testing.T) {
	im, err := Assemble(Source{Name: "x", Text: `
record pair(a, b): low=u8 a, high=u8 b
block a:
  x: u16 0x1234
  p: pair(1, len(a))
  s: str "abc"
truncate at 3
`})
	if err != nil {
		t.Fatal(err)
	}
	if im.Size != 7 || len(im.Data) != 3 {
		t.Errorf("size %d of which %d bytes are left; want 7 and 3", im.Size, len(im.Data))
	}
	for path, want := range map[string]uint64{"x": 0x1234, "a.p.high": 7} {
		if n, ok := im.Number(path); !ok || n != want {
			t.Errorf("Number(%s) = %d, %v; want %d", path, n, ok, want)
		}
	}
	for _, path := range []string{"", "y", "a", "p", "s"} {
		if n, ok := im.Number(path); ok {
			t.Errorf("Number(%q) = %d; that is no number", path, n)
		}
	}
	for location, want := range map[string][2]int{
		"a": {0, 7}, "p": {2, 4}, "p.high": {3, 4}, "s+1": {5, 6}, "2": {2, 3}, "size": {7, 8},
		"off(p)..size": {2, 7}, "1 + 1 .. 2 * 3": {2, 6}, "4..4": {4, 4},
	} {
		start, end, err := im.Range(location)
		if err != nil || start != want[0] || end != want[1] {
			t.Errorf("Range(%s) = %d, %d, %v; want %v", location, start, end, err, want)
		}
	}
	for _, location := range []string{"", "y", "5..4", "1 2", "1..", `"a`, "0 - 1"} {
		if start, end, err := im.Range(location); err == nil {
			t.Errorf("Range(%q) = %d, %d; want an error", location, start, end)
		}
	}
}

func TestTransfer(t *testing.T) {
	const in = "\x89C\r\n\x1a\n\r\xff"
	for name, want := range map[string]string{
		"crlf to lf":  "\x89C\n\x1a\n\r\xff",
		"lf to crlf":  "\x89C\r\r\n\x1a\r\n\r\xff",
		"7 bit":       "\x09C\r\n\x1a\n\r\x7f",
		"latin 1":     "\xc2\x89C\r\n\x1a\n\r\xc3\xbf",
		"replacement": "\xef\xbf\xbdC\r\n\x1a\n\r\xef\xbf\xbd",
	} {
		if got := string(Transfer(name)([]byte(in))); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if Transfer("pigeon") != nil {
		t.Error("there is no pigeon")
	}
}

// FuzzAssemble checks that any text gives an image or an *Error, and gives the
// same when assembled again.
func FuzzAssemble(f *testing.F) {
	f.Add("def two = 2\nrecord p(a): x=u8 a\nblock a of 1:\n  l: p(two), hex 01, align 4\nset l.x = 3\ndamage l ^= 01\n")
	f.Add("block a:\n  repeat 3 as i: u8 i\nblock b:\n  sha256 a\ntruncate at 2\nappend itself\n")
	f.Fuzz(func(t *testing.T, text string) {
		im, err := Assemble(Source{Name: "x", Text: text})
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("a %T: %v", err, err)
			}
			return
		}
		again, err := Assemble(Source{Name: "x", Text: text})
		if err != nil || !bytes.Equal(im.Data, again.Data) {
			t.Fatal("assembled twice, and not the same")
		}
	})
}
