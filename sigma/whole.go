package sigma

import "fmt"

// whole returns an error if a part of the rules is missing. Parse always makes
// complete rules, but a program can make others.
func whole(rules []*Rule) error {
	for i, r := range rules {
		if r == nil {
			return fmt.Errorf("rule %d of the list is nil", i)
		}
		if lacks := r.Detection.lacks(); lacks != "" {
			return &Error{Name: r.Name, Position: r.Position, Path: "detection", Found: lacks, Want: "make rules with sigma.Parse"}
		}
	}
	return nil
}

// lacks returns the missing part of a detection, or "" if it is complete.
func (d *Detection) lacks() string {
	for i, s := range d.Searches {
		if s == nil {
			return fmt.Sprintf("search %d is nil", i)
		}
		for _, alternative := range s.Alternatives {
			for k, it := range alternative.Items {
				if it == nil {
					return fmt.Sprintf("item %d of search %d is nil", k, i)
				}
			}
		}
	}
	for i, c := range d.Conditions {
		switch {
		case c == nil:
			return fmt.Sprintf("condition %d is nil", i)
		case c.Node == nil && !c.Aggregation.Set():
			return fmt.Sprintf("condition %d is empty", i)
		case c.Node == nil:
		default:
			if lacks := c.Node.lacks(d, 0); lacks != "" {
				return fmt.Sprintf("condition %d: %s", i, lacks)
			}
		}
	}
	return ""
}

// maxTree is the maximum depth of the tree of a condition. The parser makes at
// most two levels for a parenthesis: an and, and an or.
const maxTree = 4 * (MaxConditionDepth + 1)

// lacks returns the missing part of a node over the searches of d, or "".
func (n *Node) lacks(d *Detection, depth int) string {
	switch {
	case n == nil:
		return "an argument is nil"
	case depth > maxTree:
		return fmt.Sprintf("its parts are nested more than %d deep", maxTree)
	case n.Op == Named && d.Search(n.Name) == nil:
		return fmt.Sprintf("search %q does not exist", clip(n.Name))
	case n.Op == Not && len(n.Args) != 1:
		return fmt.Sprintf("a not has %d arguments (want 1)", len(n.Args))
	case (n.Op == And || n.Op == Or) && len(n.Args) == 0:
		return "an \"and\" or \"or\" has no arguments"
	case n.Op > Or:
		return fmt.Sprintf("operator %d does not exist", n.Op)
	}
	for _, arg := range n.Args {
		if lacks := arg.lacks(d, depth+1); lacks != "" {
			return lacks
		}
	}
	return ""
}
