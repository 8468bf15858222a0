package sigma

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestCache loads and compiles the same files with and without a Cache. Results, errors and the
// cost of the run must be equal, also when the Cache has the files.
func TestCache(t *testing.T) {
	rule := "title: a\nid: 7d4b3f4e-0d0c-4a0e-9d2d-00000000000%d\nlogsource: {product: windows, category: pipe_created}\ndetection:\n  s:\n    PipeName|windash: ['-a', '-b']\n  condition: s\n"
	files := fstest.MapFS{
		"good.yml":   {Data: fmt.Appendf(nil, rule, 1)},
		"two.yml":    {Data: fmt.Appendf(nil, rule+"---\n"+rule, 2, 3)},
		"broken.yml": {Data: []byte("title: [")},
		"half.yml":   {Data: fmt.Appendf(nil, rule+"---\ntitle: b\ndetection: 3\n", 4)},
	}
	load := func(c *Cache) (text string, spent cost) {
		budget := NewBudget(1)
		l := NewLoader(budget)
		l.Cache = c
		list, err := l.LoadFS(files, ".")
		if err != nil {
			t.Fatal(err)
		}
		var rules []*Rule
		for _, f := range list {
			rules = append(rules, f.Rules...)
			text += fmt.Sprintf("%s %s %d %v %x\n", f.Name, f.Path, len(f.Rules), f.Err, f.Digest)
		}
		built, err := Build(rules, builtin.Definitions(), Options{Budget: budget})
		for _, o := range built.Outputs {
			text += fmt.Sprintf("%x\n", o.Data)
		}
		return fmt.Sprintf("%s%v %+v", text, err, budget.top), budget.spent
	}
	want, cost := load(nil)
	cache := &Cache{}
	for _, reason := range []string{"an empty cache", "a cache with the files", "a cache after rules of it were compiled"} {
		got, spent := load(cache)
		if got != want || spent != cost {
			t.Errorf("%s: spent %v (want %v)\n%s", reason, spent, cost, cmp.Diff(want, got))
		}
	}
	files["good.yml"].Data = fmt.Appendf(nil, rule, 9)
	want, cost = load(nil)
	if got, spent := load(cache); got != want || spent != cost {
		t.Errorf("after a change: spent %v (want %v)\n%s", spent, cost, cmp.Diff(want, got))
	}
	cache.bytes = MaxFolderBytes
	files["good.yml"].Data = fmt.Appendf(nil, rule, 8)
	load(cache)
	if len(cache.files) != 3 {
		t.Errorf("a full cache keeps %d files (want those that came after it was full)", len(cache.files))
	}
}
