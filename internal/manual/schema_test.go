package manual

import "testing"

func TestSchema(t *testing.T) {
	const schema = `{
		"title": "A run, tool.run/v0", "description": "written by tool run", "type": "object",
		"required": ["schema", "list"],
		"properties": {
			"schema": {"const": "tool.run/v0"},
			"zeta": {"$ref": "#/$defs/digest"},
			"alpha": {"type": "object", "required": ["in"], "properties": {"in": {"type": "integer", "minimum": 1, "maximum": 9, "description": "a | b"}}},
			"list": {"type": "array", "items": {"type": "object", "properties": {"one": {"enum": ["a", 2]}}}},
			"map": {"type": "object", "additionalProperties": {"$ref": "#/$defs/thing"}},
			"either": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/thing"}]},
			"least": {"type": "integer", "minimum": 0},
			"most": {"type": "number", "maximum": 1},
			"deep": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}}}
		},
		"$defs": {
			"digest": {"type": "string", "description": "SHA-256"},
			"thing": {"description": "a thing", "properties": {"name": {"type": "string"}}}
		}
	}`
	const want = "\n## A run, tool.run/v0\n\nWritten by tool run.\n\n" +
		"| key | value | | meaning |\n|---|---|---|---|\n" +
		"| `schema` | `tool.run/v0` | required |  |\n" +
		"| `zeta` | string |  | SHA-256 |\n" +
		"| `alpha` | object |  |  |\n" +
		"| `alpha.in` | integer, 1 to 9 | required | a \\| b |\n" +
		"| `list` | list of object | required |  |\n" +
		"| `list[].one` | `a`, `2` |  |  |\n" +
		"| `map` | map to [thing](#toolrun-thing) |  |  |\n" +
		"| `either` | string or [thing](#toolrun-thing) |  |  |\n" +
		"| `least` | integer, at least 0 |  |  |\n" +
		"| `most` | number, at most 1 |  |  |\n" +
		"| `deep` | map to list of object |  |  |\n" +
		"| `deep.*[].x` | any |  |  |\n" +
		"\n### tool.run: thing\n\nA thing.\n\n| key | value | | meaning |\n|---|---|---|---|\n| `name` | string |  |  |\n"
	got, err := Schema([]byte(schema), 2)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, bad := range []string{"", "[]", "{", `{"title": "x"}`, `{"properties": {}}`} {
		if text, err := Schema([]byte(bad), 2); err == nil {
			t.Errorf("%q: expected an error, got %q", bad, text)
		}
	}
}
