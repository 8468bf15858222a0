package config

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

var bigEndian = binary.BigEndian

// wide returns a text as UTF-16.
func wide(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// dump writes all that a config has, a line for each element.
func dump(c *Config) string {
	var b strings.Builder
	for i := range c.Nodes {
		n := &c.Nodes[i]
		fmt.Fprintf(&b, "%d:%d@%d %s", n.Place.Line, n.Place.Column, n.Place.Offset, n.Name)
		for _, a := range c.Attrs(i) {
			fmt.Fprintf(&b, " %s=%q(%d:%d@%d)", a.Name, a.Value, a.Place.Line, a.Place.Column, a.Place.Offset)
		}
		fmt.Fprintf(&b, " %q", n.Text)
		if n.TextPlace.Line > 0 {
			fmt.Fprintf(&b, "(%d:%d@%d)", n.TextPlace.Line, n.TextPlace.Column, n.TextPlace.Offset)
		}
		fmt.Fprintf(&b, " parent %d first %d next %d", n.Parent, n.First, n.Next)
		if n.HasText {
			b.WriteString(" text")
		}
		if n.HasContent {
			b.WriteString(" content")
		}
		if n.AfterComment {
			b.WriteString(" commented")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestParse(t *testing.T) {
	const nested = "<a x='1' y=\"2\">\n <b/>\n <!-- c --><c d='e'>f</c>\n</a>"
	for _, row := range []struct{ reason, text, enc, want string }{
		{"places of elements and attributes, links", nested, "UTF-8",
			`1:1@0 a x="1"(1:4@3) y="2"(1:10@9) "" parent -1 first 1 next -1 text content
2:2@17 b "" parent 0 first -1 next 2
3:12@33 c d="e"(3:15@36) "f"(3:21@42) parent 0 first -1 next -1 text content commented
`},
		{"a byte order mark counts in the offset, not in the column", "\xEF\xBB\xBF<a b=''/>", "UTF-8 with a byte order mark",
			"1:1@3 a b=\"\"(1:4@6) \"\" parent -1 first -1 next -1\n"},
		{"UTF-16 has two bytes a character", wide("<a>\n<b/></a>", binary.LittleEndian), "UTF-16LE",
			"1:1@0 a \"\" parent -1 first 1 next -1 text content\n2:1@8 b \"\" parent 0 first -1 next -1\n"},
		{"UTF-16 has four for some; white space may stand first", wide(" \n<a>\U0001F600<b/></a>", binary.LittleEndian), "UTF-16LE",
			"2:1@4 a \"\"(2:4@10) parent -1 first 1 next -1 text content\n2:8@14 b \"\" parent 0 first -1 next -1\n"},
		{"with a mark", "\xFF\xFE" + wide("<?xml version='1.0' encoding='utf-16'?><a/>", binary.LittleEndian), "UTF-16LE with a byte order mark",
			"1:40@80 a \"\" parent -1 first -1 next -1\n"},
		{"UTF-16 that declares UTF-8 loads", wide("<?xml version='1.0' encoding='UTF-8'?><a/>", binary.LittleEndian), "UTF-16LE",
			"1:39@76 a \"\" parent -1 first -1 next -1\n"},
		{"the other byte order", wide("<a/>", binary.BigEndian), "UTF-16BE", "1:1@0 a \"\" parent -1 first -1 next -1\n"},
		{"the same with a mark", "\xFE\xFF" + wide("<a/>", binary.BigEndian), "UTF-16BE with a byte order mark", "1:1@2 a \"\" parent -1 first -1 next -1\n"},
		{"ISO-8859-1 by declaration: one byte a character", "<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9<b/></a>", "ISO-8859-1",
			"1:44@43 a \"\"(1:47@46) parent -1 first 1 next -1 text content\n1:49@47 b \"\" parent 0 first -1 next -1\n"},
		{"the declaration counts more than the mark of UTF-8", "\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>", "ISO-8859-1 with a byte order mark of UTF-8",
			"1:44@46 a \"é\"(1:47@49) parent -1 first -1 next -1 text content\n"},
		{"references", "<a b='&lt;&#9;&#x41;\t\r\n\n'>&amp;&quot;&apos;&gt;&#169;&#x1F600;</a>", "UTF-8",
			"1:1@0 a b=\"<\\tA   \"(1:4@3) \"&\\\"'>©😀\"(3:3@26) parent -1 first -1 next -1 text content\n"},
		{"comments split a text, CDATA continues it, line ends are \\n", "<a> b<!-- x -->c<![CDATA[<&\r\n]]>\r</a>", "UTF-8",
			"1:1@0 a \" bc<&\\n\\n\"(1:5@4) parent -1 first -1 next -1 text content\n"},
		{"an empty CDATA section is a text", "<a><![CDATA[]]></a>", "UTF-8", "1:1@0 a \"\"(1:4@3) parent -1 first -1 next -1 text content\n"},
		{"a comment alone is content and no text", "<a><!-- b --></a>", "UTF-8", "1:1@0 a \"\" parent -1 first -1 next -1 content\n"},
		{"so is an instruction", "<?b c?><a><?xmlb?></a><?d?> ", "UTF-8", "1:8@7 a \"\" parent -1 first -1 next -1 content\n"},
		{"white space by reference is white space", "<a>&#32;</a>", "UTF-8", "1:1@0 a \" \" parent -1 first -1 next -1 text content\n"},
		{"a later version of XML is taken with a warning", "<?xml version=\"1.1\" standalone='no' ?><a\n/>", "UTF-8", "1:39@38 a \"\" parent -1 first -1 next -1\n"},
		{"names beyond ASCII", "<é·><_:.-0/></é·>", "UTF-8", "1:1@0 é· \"\" parent -1 first 1 next -1 content\n1:7@6 _:.-0 \"\" parent 0 first -1 next -1\n"},
	} {
		c, err := Parse([]byte(row.text))
		if err != nil {
			t.Errorf("%s: %v", row.reason, err)
			continue
		}
		if c.Encoding.String() != row.enc {
			t.Errorf("%s: %s, want %s", row.reason, c.Encoding, row.enc)
		}
		if got := dump(c); got != row.want {
			t.Errorf("%s:\n%swant\n%s", row.reason, got, row.want)
		}
	}
}

// TestParseFaults has texts that libxml2 2.9.14 refuses.
func TestParseFaults(t *testing.T) {
	for _, row := range []struct{ reason, text, want string }{
		{"nothing", "", "line 1, column 1 (byte 0): the file has 0 bytes"},
		{"no element", " \n ", "line 2, column 2 (byte 3): the file has no element"},
		{"text in front", "  a<b/>", "line 1, column 3 (byte 2): text before the first element"},
		{"text behind", "<b/>\na", "line 2, column 1 (byte 5): text behind the last element"},
		{"two elements", "<a/><b/>", "line 1, column 5 (byte 4): a second element <b>"},
		{"the wrong end", "<a>\n<b></a>", "line 2, column 4 (byte 7): </a> ends <b> of line 2 (want </b>)"},
		{"an end without a start", "<a/></a>", "line 1, column 5 (byte 4): </a> ends no element"},
		{"no end", "<a>\n<b></b>", "line 2, column 8 (byte 11): the file ends inside <a> of line 1"},
		{"no end of a tag", "<a b='1'", "column 1 (byte 0): the tag <a has no end"},
		{"no end of an end tag", "<a></a", "the tag </a has no end"},
		{"a character that no tag has", "<a &>", "column 4 (byte 3): '&' in the tag <a>"},
		{"no space between attributes", "<a b='1'c='2'/>", "column 9 (byte 8): 'c' in the tag <a> (want a space"},
		{"no value", "<a b/>", "the attribute b has no value"},
		{"no quotes", "<a b=1/>", "column 6 (byte 5): the value of the attribute b has no quotes"},
		{"no end of a value", "<a b='1/>", "the value of the attribute b has no end (want ')"},
		{"< in a value", "<a b='<'/>", "column 7 (byte 6): < in the value of the attribute b"},
		{"an attribute twice", "<a b='1' b='2'/>", "column 10 (byte 9): a second attribute b"},
		{"no name", "<a><1/></a>", "column 4 (byte 3): < begins no element"},
		{"a bare &", "<a>x & y</a>", "column 6 (byte 5): & begins no reference"},
		{"an unknown entity", "<a>&nbsp;</a>", "column 4 (byte 3): unknown entity &nbsp;"},
		{"a reference to a control character", "<a>&#1;</a>", "the reference &#1; is not of a character"},
		{"a reference beyond Unicode", "<a>&#x110000;</a>", "the reference &#x110000; is not of a character"},
		{"a huge reference", "<a>&#99999999999999999999;</a>", "is not of a character"},
		{"a reference without digits", "<a>&#x;</a>", "the reference &#x; is not of a character"},
		{"an unknown reference in a value", "<a b='\n&b;'/>", "line 2, column 1 (byte 7): unknown entity &b;"},
		{"two hyphens in a comment", "<a><!-- b -- c --></a>", "column 11 (byte 10): -- inside a comment"},
		{"three hyphens at its end", "<a><!-- b ---></a>", "column 11 (byte 10): -- inside a comment"},
		{"no end of a comment", "<a><!-- b ></a>", "column 4 (byte 3): the comment has no end"},
		{"the end of CDATA in a text", "<a>b]]></a>", "column 5 (byte 4): ]]> in text"},
		{"no end of CDATA", "<a><![CDATA[b]]</a>", "the CDATA section has no end"},
		{"CDATA outside", "<![CDATA[b]]><a/>", "a CDATA section outside"},
		{"a DOCTYPE", "<!DOCTYPE Sysmon []><Sysmon/>", "column 1 (byte 0): the file has a DOCTYPE"},
		{"other markup", "<!ELEMENT a EMPTY><a/>", "unknown markup"},
		{"white space before the declaration", "\n<?xml version='1.0'?><a/>", "line 2, column 1 (byte 1): <?xml stands at byte 1"},
		{"a reserved instruction", "<a><?XmL b?></a>", "<?XmL stands at byte 3"},
		{"an instruction without a name", "<a><? b?></a>", "<? without a name"},
		{"an instruction without an end", "<a><?b </a>", "the instruction <?b has no end"},
		{"an instruction without a space", "<a><?b/c?></a>", "a character that a name cannot have"},
		{"no version", "<?xml encoding='UTF-8'?><a/>", "encoding is at the wrong place"},
		{"an empty declaration", "<?xml ?><a/>", "the XML declaration has no version"},
		{"another version", "<?xml version='2.0'?><a/>", "unknown XML version \"2.0\""},
		{"the wrong order", "<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>", "encoding is at the wrong place"},
		{"standalone is yes or no", "<?xml version='1.0' standalone='1'?><a/>", "standalone is \"1\""},
		{"an unknown part", "<?xml version='1.0' a='b'?><a/>", "column 21 (byte 20): the XML declaration has an unknown part"},
		{"no space between parts", "<?xml version='1.0'encoding='UTF-8'?><a/>", "the XML declaration has an unknown part"},
		{"no end of the declaration", "<?xml version='1.0' <a/>", "the XML declaration has no end"},
		{"a control character", "<a>\x01</a>", "column 4 (byte 3): the control character 0x01"},
		{"U+FFFF", "<a>\uFFFF</a>", "the character U+FFFF"},
		{"bytes that are not UTF-8", "<a>\n\xE9</a>", "line 2, column 1 (byte 4): the byte 0xE9 is not UTF-8"},
		{"a surrogate in UTF-8", "<a>\xED\xA0\x80</a>", "the byte 0xED is not UTF-8"},
		{"half a character of UTF-16", wide("<a>", binary.LittleEndian) + "\x00\xD8" + wide("</a>", binary.LittleEndian), "(byte 6): the unit 0xD800 is half a character"},
		{"half a unit of UTF-16", wide("<a/>", binary.LittleEndian) + "\n", "(byte 8): the last character has one byte"},
		{"an encoding that is not known", "<?xml version='1.0' encoding='windows-1252'?><a/>", "column 21 (byte 20): unknown encoding \"windows-1252\""},
		{"UTF-16 by declaration alone", "<?xml version='1.0' encoding='UTF-16'?><a/>", "the file has single bytes"},
		{"ISO-8859-1 in UTF-16", wide("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", binary.LittleEndian), "(byte 40): the declaration names the encoding \"ISO-8859-1\", but the file is UTF-16LE"},
		{"not ASCII", "<?xml version='1.0' encoding='us-ascii'?><a>é</a>", "the byte 0xC3 is not ASCII"},
		{"too deep", strings.Repeat("<a>", MaxDepth+1), "more than 256 elements inside one another"},
		{"too many elements", "<a>" + strings.Repeat("<a/>", MaxNodes), "more than 262144 elements and attributes"},
		{"too many attributes", "<a" + attributes(maxAttrs+1) + "/>", "more than 1000 attributes of the element <a>"},
		{"too large", "<a>" + strings.Repeat(" ", MaxSize), "the file has 8388611 bytes"},
		{"a name for a terminal", "<a\u0085/>", "'\\u0085' in the tag <a>"},
	} {
		c, err := Parse([]byte(row.text))
		if err == nil {
			t.Errorf("%s: accepted\n%s", row.reason, dump(c))
		} else if !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", row.reason, err, row.want)
		}
	}
}

// attributes returns n attributes with different names.
func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	return b.String()
}

// TestParseBounded reads texts that take quadratic time if every piece is copied.
func TestParseBounded(t *testing.T) {
	c, err := Parse([]byte("<a>" + strings.Repeat("x<!---->", 150_000) + "</a>"))
	if err != nil || c.Nodes[0].Text != strings.Repeat("x", 150_000) {
		t.Error("a text of many pieces is not whole:", err)
	}
	c, err = Parse([]byte("<a>" + strings.Repeat("x<b/>", 100_000) + "</a>"))
	if err != nil || c.Nodes[0].Text != "" {
		t.Error("text between elements is kept:", err)
	}
	c, err = Parse([]byte("<a b='" + strings.Repeat("&lt;", 300_000) + "'/>"))
	if err != nil || c.Attr(0, "b").Value != strings.Repeat("<", 300_000) {
		t.Error("a value of many references:", err)
	}
	if _, err := Parse([]byte("<a b='" + strings.Repeat("&", 1_000_000) + "'/>")); err == nil {
		t.Error("accepted & without ;")
	}
}

// bytesAt returns bytes of a file at an offset as text.
func bytesAt(data []byte, c *Config, at int64, n int) string {
	if c.Encoding < UTF16LE {
		return string(data[at:min(at+int64(n), int64(len(data)))])
	}
	var order binary.ByteOrder = binary.LittleEndian
	if c.Encoding >= UTF16BE {
		order = binary.BigEndian
	}
	var units []uint16
	for i := at; i+1 < int64(len(data)) && len(units) < n; i += 2 {
		units = append(units, order.Uint16(data[i:]))
	}
	return string(utf16.Decode(units))
}

// FuzzParse parses any bytes. An error has a place in them. Otherwise every place is that of
// its element or attribute, and encoding/xml finds the same elements and texts.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<Sysmon schemaversion='4.50'><!-- c --><EventFiltering><RuleGroup name=\"\" groupRelation=\"or\"><ProcessCreate onmatch=\"include\"><Image condition=\"end with\">\\a&amp;b.exe</Image></ProcessCreate></RuleGroup></EventFiltering></Sysmon>\n",
		"<a>b<![CDATA[c]]>d<?e f?></a>", "\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xE9'>\xE9</a>",
		wide("<a b='c'>\u00e9\U0001F600</a>", binary.LittleEndian), "\xFE\xFF" + wide("<a b='c'>d</a>", binary.BigEndian),
		"<a>&#x41;&#0;</a>", "<a b='1' b='2'/>", "<!DOCTYPE a><a/>", "<a><b></a></b>", "<a>]]></a>", "<a><!-- -- --></a>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			var fault *Error
			if !errors.As(err, &fault) || fault.Place.Offset < 0 || fault.Place.Offset > int64(len(data)) || fault.Place.Line < 1 || fault.Place.Column < 1 || fault.Text == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		for i := range c.Nodes {
			n := &c.Nodes[i]
			if got := bytesAt(data, c, n.Place.Offset, 1); got != "<" {
				t.Fatalf("element %d is at byte %d, where %q stands", i, n.Place.Offset, got)
			}
			for _, a := range c.Attrs(i) {
				if r := []rune(a.Name)[0]; r < 0x80 && bytesAt(data, c, a.Place.Offset, 1) != string(r) {
					t.Fatalf("attribute %s is at byte %d", a.Name, a.Place.Offset)
				}
			}
			if i > 0 && (n.Parent < 0 || n.Parent >= i) || n.Next >= len(c.Nodes) || n.First >= len(c.Nodes) {
				t.Fatalf("element %d has the links %d, %d, %d", i, n.Parent, n.First, n.Next)
			}
		}
		compareWithStandard(t, data, c)
	})
}

// compareWithStandard compares with encoding/xml, which is laxer. It gives white space in
// attributes as it stands, and takes colons as namespaces.
func compareWithStandard(t *testing.T, data []byte, c *Config) {
	if c.Encoding != UTF8 && c.Encoding != UTF8BOM || strings.Contains(string(data), ":") || strings.Contains(string(data), "xmlns") {
		return
	}
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(string(data), "\xEF\xBB\xBF")))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	space := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")
	next := 0
	var open []int
	texts := map[int]string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// encoding/xml does not take version 1.1, nor some names of the fifth edition.
			if strings.Contains(err.Error(), "unsupported version") || strings.Contains(err.Error(), "invalid XML name") || strings.Contains(err.Error(), "expected") {
				return
			}
			t.Fatalf("encoding/xml: %v", err)
		}
		switch k := token.(type) {
		case xml.StartElement:
			if next == len(c.Nodes) || c.Nodes[next].Name != k.Name.Local {
				t.Fatalf("encoding/xml has element %d %s", next, k.Name.Local)
			}
			for i, a := range c.Attrs(next) {
				if i >= len(k.Attr) || k.Attr[i].Name.Local != a.Name || space.Replace(k.Attr[i].Value) != space.Replace(a.Value) {
					t.Fatalf("encoding/xml has %v, want %v", k.Attr, a)
				}
			}
			open = append(open, next)
			next++
		case xml.EndElement:
			n := open[len(open)-1]
			if c.Nodes[n].First < 0 && texts[n] != c.Nodes[n].Text {
				t.Fatalf("encoding/xml has the text %q, want %q", texts[n], c.Nodes[n].Text)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				texts[open[len(open)-1]] += string(k)
			}
		}
	}
	if next != len(c.Nodes) {
		t.Fatalf("encoding/xml has %d elements, want %d", next, len(c.Nodes))
	}
}

// TestRealConfigurations reads the public configurations.
func TestRealConfigurations(t *testing.T) {
	for _, name := range slices.Concat(needData(t, "configs/*.xml"), needData(t, "pairs/*.xml")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
