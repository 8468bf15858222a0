package sigma

import (
	"crypto/sha256"
	"sync"
)

// A Cache keeps the rules of files, so that a program that compiles a folder again and again parses
// only the files that changed. It holds the rules of at most [MaxFolderBytes] of files. Several
// goroutines may use it. The zero Cache is empty.
type Cache struct {
	mu    sync.Mutex
	files map[cacheKey]*parsed
	bytes int64
}

// A cacheKey is a file by its name, which stands in messages, and its content.
type cacheKey struct {
	name   string
	digest [32]byte
}

// parsed is the result of parsing a file, and its cost.
type parsed struct {
	rules []*Rule // never handed out, because compilation charges rules
	err   error
	rest  cost // that no rule of the list takes, such as that of malformed documents
}

// parse is the function parse for a file that the Cache may have. The budget takes the same as if
// the file were parsed. A nil Cache parses each file.
func (c *Cache) parse(name string, data []byte, budget *Budget) ([]*Rule, error) {
	if c == nil || budget == nil {
		return parse(name, data, budget)
	}
	key := cacheKey{name, sha256.Sum256(data)}
	c.mu.Lock()
	p := c.files[key]
	c.mu.Unlock()
	if p != nil {
		return p.charge(name, budget), p.err
	}
	before := budget.spent
	rules, err := parse(name, data, budget)
	if budget.Err() != nil {
		return rules, err
	}
	p = &parsed{err: err, rest: cost{budget.spent.values - before.values, budget.spent.bytes - before.bytes, budget.spent.steps - before.steps}}
	for _, r := range rules {
		copied := *r
		p.rules = append(p.rules, &copied)
		p.rest.add(cost{-r.spent.values, -r.spent.bytes, -r.spent.steps})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes += int64(len(data)); c.files == nil || c.bytes > MaxFolderBytes {
		c.files, c.bytes = map[cacheKey]*parsed{}, int64(len(data))
	}
	c.files[key] = p
	return rules, err
}

// charge charges a budget for a file, and returns copies of its rules.
func (p *parsed) charge(name string, budget *Budget) (rules []*Rule) {
	budget.spend(&Rule{Name: name, Position: Position{1, 1}}, p.rest)
	for _, r := range p.rules {
		copied := *r
		copied.spent = cost{}
		budget.spend(&copied, r.spent)
		rules = append(rules, &copied)
	}
	return rules
}
