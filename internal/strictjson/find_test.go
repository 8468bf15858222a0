package strictjson

import "testing"

func TestFind(t *testing.T) {
	const doc = "{\"a\": [1, {\"b c\": \"\\u0041\"}, true],\n \"d\": {\"e\": [], \"f\": -2}}"
	for _, tt := range []struct {
		why, path    string
		line, column int
		value        string
	}{
		{"the document", "", 1, 1, ""},
		{"a list", "a", 1, 7, ""},
		{"its first element", "a[0]", 1, 8, "1"},
		{"a string with an escape", "a[1].b c", 1, 19, "A"},
		{"a word", "a[2]", 1, 30, "true"},
		{"behind what was passed over", "d.f", 2, 22, "-2"},
	} {
		at, value, ok := Find([]byte(doc), tt.path)
		if !ok || at.Line != tt.line || at.Column != tt.column || value != tt.value {
			t.Errorf("%s: found %v, %q, %v; want line %d, column %d, %q", tt.why, at, value, ok, tt.line, tt.column, tt.value)
		}
	}
	for why, tt := range map[string][2]string{
		"no such key":       {doc, "x"},
		"no such element":   {doc, "a[3]"},
		"below a number":    {doc, "a[0].b"},
		"no document":       {"", "a"},
		"half a document":   {`{"a": [1`, "a[1]"},
		"a comma and a key": {`{,`, "a"},
	} {
		if at, value, ok := Find([]byte(tt[0]), tt[1]); ok {
			t.Errorf("%s: found %v, %q", why, at, value)
		}
	}
}

// FuzzFind: any bytes and any path end without a panic.
func FuzzFind(f *testing.F) {
	f.Add([]byte(`{"a": [1, {"b": "c"}]}`), "a[1].b")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		if at, _, ok := Find(data, path); ok && (at.Offset < 0 || at.Offset > len(data)) {
			t.Errorf("offset %d of %d bytes", at.Offset, len(data))
		}
	})
}
