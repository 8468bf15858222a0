package channelfile

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// A Builder encodes template instances as a channel file in normal form. The
// same model always gives the same bytes. The order in which instances are
// added and the spelling of their conditions make no difference.
//
// Adding n instances and encoding them takes time proportional to n log n. A
// Builder must not be used by several goroutines at once.
type Builder struct {
	header     Header
	provenance triState // whether the instances have origins

	instances []builtInstance
	ids       map[ID]struct{}
	cond      postfix // the words of all instances, with the criterion numbers of this Builder

	criteria interner // keys are operator, flags, input and operands
	records  []builtCriterion
	operands []uint32 // operands of all records: numbers of values or programs, or inputs
	values   interner
	programs interner   // the sources
	compiled []*Program // one for each source
	texts    interner

	shared map[*node]sharedCriterion

	// scratch memory of one Add
	simple    []simpleCriterion
	made      []uint32
	ascending []uint32
	key       []byte
	depths    []uint8
}

type triState uint8

const (
	undecided triState = iota
	yes
	no
)

type builtInstance struct {
	id           ID
	first, count int       // words
	origin       [5]uint32 // numbers of texts, in the order of the file
	line         uint32
}

// A builtCriterion is a criterion as in a file, except that its operands are
// the value and program numbers of the Builder.
type builtCriterion struct {
	operator     Operator
	flags        Flags
	input        uint16
	first, count int
}

// A sharedCriterion is the normal form of a shared node.
type sharedCriterion struct {
	criteria []uint32
	or       bool // true if one criterion must hold, false if all must
}

// An interner numbers distinct strings from 0.
type interner struct {
	index map[string]uint32
	list  []string
}

func (t *interner) number(s string) uint32 {
	n, ok := t.index[s]
	if !ok {
		if t.index == nil {
			t.index = make(map[string]uint32)
		}
		n = uint32(len(t.list))
		t.index[s] = n
		t.list = append(t.list, s)
	}
	return n
}

// NewBuilder returns a Builder without instances. It uses the fields Channel,
// Revision, Type, TypeVersion, InputsDeclared and Created of h. Encode computes
// the other fields.
func NewBuilder(h Header) *Builder {
	b := &Builder{header: h, ids: make(map[ID]struct{})}
	b.texts.number("") // number 0, which the use of an and or or has
	b.cond.texts = &b.texts
	return b
}

// Add adds a template instance that matches if the condition holds. The origin
// describes its source, and is nil if the file has no provenance. Either all
// instances of a file have an origin, or no instance has one. Without an
// origin, Add ignores the places given by [Expr.From].
//
// Add returns an error and does not change the Builder in these cases:
//   - The ID is all zero or was added before.
//   - The condition is empty, or reads an input that the header does not declare.
//   - A criterion has no operands, a malformed pattern, or a range that ends before it starts.
//   - A regular expression is malformed or not expressible. The error wraps a [*RegexpError].
//   - A text is not UTF-8.
//   - A limit of the format is exceeded. The error wraps [ErrLimit].
func (b *Builder) Add(id ID, condition Expr, origin *Origin) error {
	words := len(b.cond.words)
	if err := b.add(id, condition, origin); err != nil {
		b.cond.truncate(words)
		return fmt.Errorf("instance %v: %w", id, err)
	}
	return nil
}

func (b *Builder) add(id ID, condition Expr, origin *Origin) error {
	if id == (ID{}) {
		return errors.New("the ID is all zero: give each instance a permanent ID of its own")
	}
	if _, ok := b.ids[id]; ok {
		return errors.New("an instance with this ID was added before: give each instance an ID of its own")
	}
	traced := no
	if origin != nil {
		traced = yes
	}
	if b.provenance != undecided && b.provenance != traced {
		if traced == yes {
			return errors.New("has an origin, but the instances before it do not: give an origin to all instances of a file or to no instance")
		}
		return errors.New("has no origin, but the instances before it do: give an origin to all instances of a file or to no instance")
	}
	instance := builtInstance{id: id, first: len(b.cond.words)}
	if origin != nil {
		if err := b.addOrigin(&instance, origin); err != nil {
			return err
		}
	}
	b.cond.traced = traced == yes
	if err := b.addCondition(condition); err != nil {
		return err
	}
	instance.count = len(b.cond.words) - instance.first
	b.instances = append(b.instances, instance)
	b.ids[id] = struct{}{}
	b.provenance = traced
	return nil
}

func (b *Builder) addOrigin(instance *builtInstance, o *Origin) error {
	for i, t := range []struct{ what, text string }{
		{"rule ID", o.Rule}, {"title", o.Title}, {"author", o.Author}, {"licence", o.Licence}, {"source path", o.Path},
	} {
		if err := checkText("the "+t.what+" of its origin", t.text); err != nil {
			return err
		}
		instance.origin[i] = b.texts.number(t.text)
	}
	line, err := checkLine(o.Line)
	instance.line = line
	return err
}

func checkText(what, text string) error {
	if len(text) > MaxTextLength {
		return fmt.Errorf("%w: %s has %d bytes (MaxTextLength is %d); shorten it", ErrLimit, what, len(text), MaxTextLength)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s is not UTF-8: %.200q", what, text)
	}
	return nil
}

func checkLine(line int) (uint32, error) {
	if line < 0 || uint64(line) > math.MaxUint32 {
		return 0, fmt.Errorf("its source has no line %d (want 1 or more, or 0 if the line is unknown)", line)
	}
	return uint32(line), nil
}

// A context holds what the ancestors of a node apply to it.
type context struct {
	negated bool
	flags   Flags // FlagFold and FlagAll
	from    *node // the innermost nodeFrom; nil if there is no such node
}

// addCondition appends the words of the condition. They are in normal form,
// except for the order of operands. That order depends on the numbers of
// criteria in the file, which are only known when all instances are added.
func (b *Builder) addCondition(e Expr) error {
	switch {
	case e.node == nil:
		return errEmptyExpr
	case e.node.depth > maxExprDepth:
		return fmt.Errorf("%w: the expression is nested more than %d deep; join its parts with one Or or And", ErrLimit, maxExprDepth)
	case e.node.size > maxExprSize:
		return fmt.Errorf("%w: the expression has more than %d parts and operands; split the rule", ErrLimit, maxExprSize)
	}
	first := len(b.cond.words)
	b.cond.spans = b.cond.spans[:0]
	// The truth values that remain on the stack are joined by and.
	if err := b.operandsOf(e, wordOperator, context{}); err != nil {
		return err
	}
	b.cond.normalise(0)
	return b.checkCondition(b.cond.words[first:])
}

var errEmptyExpr = errors.New("the condition is empty, or has an empty part: an instance without criteria would match every event")

// operandsOf appends the operands that e contributes to the and or or that is
// being built. join tells which of the two it is. The recursion is no deeper
// than maxExprDepth.
func (b *Builder) operandsOf(e Expr, join Word, ctx context) error {
	n := e.node
	if n == nil {
		return errEmptyExpr
	}
	switch n.kind {
	case nodeNot:
		ctx.negated = !ctx.negated
	case nodeFold:
		ctx.flags |= FlagFold
	case nodeAll:
		ctx.flags |= FlagAll
	case nodeFrom:
		ctx.from = n
	case nodeCriterion:
		if err := b.criterionOf(n, join, ctx); err != nil {
			if ctx.from != nil && ctx.from.line > 0 {
				return fmt.Errorf("line %d: %w", ctx.from.line, err)
			}
			return err
		}
		return nil
	}
	if len(n.parts) == 0 {
		return errEmptyExpr
	}
	group := join
	if n.kind == nodeAnd || n.kind == nodeOr {
		group = joinWord(n.kind == nodeOr != ctx.negated)
	}
	base := len(b.cond.spans)
	for _, p := range n.parts {
		if err := b.operandsOf(p, group, ctx); err != nil {
			return err
		}
	}
	if group != join {
		b.cond.join(group, base)
	}
	return nil
}

func joinWord(or bool) Word {
	if or {
		return wordOperator | wordOr
	}
	return wordOperator
}

// criterionOf appends references to the criteria that together mean the same as
// n.
func (b *Builder) criterionOf(n *node, join Word, ctx context) error {
	var u use
	if b.cond.traced && ctx.from != nil {
		line, err := checkLine(ctx.from.line)
		if err != nil {
			return err
		}
		if err := checkText("what the author of a criterion wrote", ctx.from.text); err != nil {
			return err
		}
		u = use{line, b.texts.number(ctx.from.text)}
	}
	made, ok := b.shared[n]
	if !ok {
		var err error
		if made, err = b.internCriterion(n, ctx.flags); err != nil {
			return err
		}
		if n.shared {
			if b.shared == nil {
				b.shared = make(map[*node]sharedCriterion)
			}
			made.criteria = slices.Clone(made.criteria)
			b.shared[n] = made
		}
	}
	group := joinWord(made.or != ctx.negated)
	base := len(b.cond.spans)
	for _, c := range made.criteria {
		w := Word(c << 1)
		if ctx.negated {
			w |= 1
		}
		b.cond.reference(w, u)
	}
	if group != join && len(made.criteria) > 1 {
		b.cond.join(group, base)
	}
	return nil
}

// internCriterion finds or adds the criteria that together mean the same as n.
// The result is valid until the next call.
func (b *Builder) internCriterion(n *node, flags Flags) (sharedCriterion, error) {
	if err := b.checkInput(n.input); err != nil {
		return sharedCriterion{}, err
	}
	for _, in := range n.inputs {
		if err := b.checkInput(in); err != nil {
			return sharedCriterion{}, err
		}
	}
	simple, err := n.simplify(b.simple[:0], flags)
	if err != nil {
		return sharedCriterion{}, err
	}
	b.simple = simple
	made := sharedCriterion{criteria: b.made[:0], or: (n.flags|flags)&FlagAll == 0}
	for i := range simple {
		c, err := b.numberCriterion(&simple[i])
		if err != nil {
			return sharedCriterion{}, err
		}
		made.criteria = append(made.criteria, c)
	}
	b.made = made.criteria
	return made, nil
}

func (b *Builder) checkInput(input int) error {
	if input < 0 || input >= int(b.header.InputsDeclared) {
		return fmt.Errorf("reads input %d (index %d): %w, it declares only %d; declare the input in a new version of the template type, or do not read it",
			input+1, input, ErrInput, b.header.InputsDeclared)
	}
	return nil
}

// numberCriterion returns the number of the criterion c in this Builder.
func (b *Builder) numberCriterion(c *simpleCriterion) (uint32, error) {
	operands := b.ascending[:0]
	for _, in := range c.inputs {
		operands = append(operands, uint32(in))
	}
	for _, v := range c.values {
		if c.operator == OpRegexp {
			n, err := b.numberProgram(v)
			if err != nil {
				return 0, err
			}
			operands = append(operands, n)
			continue
		}
		if len(v) > MaxValueLength {
			return 0, fmt.Errorf("%w: an operand of %v has %d bytes (MaxValueLength is %d); it starts with %.60q", ErrLimit, c.operator, len(v), MaxValueLength, v)
		}
		operands = append(operands, b.values.number(v))
	}
	slices.Sort(operands)
	operands = slices.Compact(operands)
	b.ascending = operands
	if len(operands) > MaxOperands {
		return 0, fmt.Errorf("%w: a criterion (%v) has %d operands (MaxOperands is %d); split the list with an Or", ErrLimit, c.operator, len(operands), MaxOperands)
	}
	flags := c.flags
	if len(operands) == 1 {
		flags &^= FlagAll
	}
	key := append(b.key[:0], byte(c.operator), byte(flags))
	key = le.AppendUint16(key, uint16(c.input))
	for _, o := range operands {
		key = le.AppendUint32(key, o)
	}
	b.key = key
	if n, ok := b.criteria.index[string(key)]; ok {
		return n, nil
	}
	b.records = append(b.records, builtCriterion{c.operator, flags, uint16(c.input), len(b.operands), len(operands)})
	b.operands = append(b.operands, operands...)
	return b.criteria.number(string(key)), nil
}

// numberProgram returns the number of the program of an expression in this
// Builder.
func (b *Builder) numberProgram(expression string) (uint32, error) {
	if n, ok := b.programs.index[expression]; ok {
		return n, nil
	}
	p, err := CompileRegexp(expression)
	if err != nil {
		return 0, err
	}
	b.compiled = append(b.compiled, p)
	return b.programs.number(expression), nil
}

// checkCondition checks that a condition does not exceed a limit.
func (b *Builder) checkCondition(words []Word) error {
	if len(words) > MaxWords {
		return fmt.Errorf("%w: the condition has %d words (MaxWords is %d); give a criterion several operands, or split the rule", ErrLimit, len(words), MaxWords)
	}
	depths := b.depths[:0] // of each truth value on the stack
	for _, w := range words {
		var depth uint8
		if !w.IsReference() {
			base := len(depths) - w.Operands()
			depth = slices.Max(depths[base:]) + 1
			depths = depths[:base]
		}
		depths = append(depths, depth)
		if depth > MaxDepth {
			return fmt.Errorf("%w: the condition nests its ands and ors more than %d deep (MaxDepth); split the rule", ErrLimit, MaxDepth)
		}
		if len(depths) > MaxStack {
			return fmt.Errorf("%w: the condition needs a stack of more than %d truth values (MaxStack); give a criterion several operands, or split the rule", ErrLimit, MaxStack)
		}
	}
	b.depths = depths
	return nil
}
