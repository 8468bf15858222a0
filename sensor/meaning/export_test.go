package meaning

// Without returns f with an alternative that never holds in place of a dead one.
func (f Formula) Without(dead Alternative) Formula {
	switch {
	case f.node == nil:
		return f
	case f.node == dead.Formula.node && dead.Negated:
		return Formula{}
	case f.node == dead.Formula.node:
		return Or()
	case f.node.kind == kindTest:
		return f
	}
	parts := make([]Formula, len(f.node.parts))
	for i, p := range f.node.parts {
		parts[i] = p.Without(dead)
	}
	return Formula{&node{kind: f.node.kind, parts: parts}}
}
