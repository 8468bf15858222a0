package sensor

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// ReadNeeds reads a document with needs. [Needs.JSON] writes such documents, and so may a compiler
// of another content format. If ReadNeeds fails, the error is a [*JSONError]. The name of the file
// appears only in errors.
//
// The document must be consistent. Inputs and operators ascend, every input that is read is
// declared, and a need has at most as many causes as instances.
func ReadNeeds(name string, data []byte) (*Needs, error) {
	n := &Needs{}
	if err := readJSON(name, data, func(r *reader) { r.needs(n) }); err != nil {
		return nil, err
	}
	return n, nil
}

var (
	needsKeys = strictjson.Keys{
		Required: []string{
			"schema", "channel", "revision", "type", "typeVersion", "format",
			"inputsDeclared", "inputsRead", "inputs", "operators", "sizes", "steps", "memory",
		},
		Optional: []string{"typeName"},
	}
	inputNeedKeys = strictjson.Keys{
		Required: []string{"index", "instances", "criteria", "coefficient"},
		Optional: []string{"name", "type", "causes"},
	}
	operatorNeedKeys = strictjson.Keys{
		Required: []string{"operator", "instances", "criteria"},
		Optional: []string{"causes"},
	}
	causeKeys = strictjson.Keys{
		Optional: []string{"instance", "id", "word", "rule", "title", "path", "line"},
	}
	sizesKeys = strictjson.Keys{
		Required: []string{
			"fileSize", "instances", "criteria", "wordsPerInstance", "operandsPerCriterion", "valueLength", "stack",
		},
		Optional: []string{"programInstructions"},
	}
)

// size reads a size, which may be 0.
func (r *reader) size() uint64 { return r.Uint(0, MaxInteger) }

// count reads a number of elements, or an index.
func (r *reader) count(least uint64) int { return r.Integer(least, math.MaxInt32) }

func (r *reader) needs(n *Needs) {
	at := r.Next()
	var inputsAt []int // offset of each index
	for key := range r.Object(needsKeys) {
		switch key {
		case "schema":
			r.Enum(NeedsSchema)
		case "channel":
			n.Channel = uint32(r.Uint(0, channelfile.MaxNumber))
		case "revision":
			n.Revision = uint32(r.Uint(0, channelfile.MaxNumber))
		case "type":
			n.Type = uint32(r.Uint(0, math.MaxUint32))
		case "typeName":
			n.TypeName = r.Name()
		case "typeVersion":
			n.TypeVersion = uint32(r.Uint(0, channelfile.MaxNumber))
		case "format":
			n.Format = r.format()
		case "inputsDeclared":
			n.InputsDeclared = r.Integer(0, channelfile.MaxInputs)
		case "inputsRead":
			n.InputsRead = r.Integer(0, channelfile.MaxInputs)
		case "inputs":
			for i := range r.Array() {
				in, at := r.inputNeed()
				if i > 0 && in.Index <= n.Inputs[i-1].Index {
					r.FailAt(at, "index", "found %s after %s; expected inputs to ascend", InputNumber(in.Index), InputNumber(n.Inputs[i-1].Index))
				}
				n.Inputs = append(n.Inputs, in)
				inputsAt = append(inputsAt, at)
			}
		case "operators":
			for i := range r.Array() {
				at := r.Next()
				op := r.operatorNeed()
				if i > 0 && op.Operator <= n.Operators[i-1].Operator {
					r.FailAt(at, "operator", "found %q after %q; expected operators to ascend as in FORMAT.md", op.Operator, n.Operators[i-1].Operator)
				}
				n.Operators = append(n.Operators, op)
			}
		case "sizes":
			n.Sizes = r.sizes()
		case "steps":
			for key := range r.Object(strictjson.Keys{Required: []string{"constant"}}) {
				switch key {
				case "constant":
					n.Constant = r.size()
				}
			}
		case "memory":
			n.Memory = r.size()
		}
	}
	r.agree(n, at, inputsAt)
}

// agree fails if parts of the document contradict each other.
func (r *reader) agree(n *Needs, at int, inputsAt []int) {
	read := 0
	for i, in := range n.Inputs {
		read = in.Index + 1
		if in.Index >= n.InputsDeclared {
			r.FailAt(inputsAt[i], fmt.Sprintf("inputs[%d].index", i), "found %s; expected an index less than inputsDeclared, %d", InputNumber(in.Index), n.InputsDeclared)
		}
	}
	if n.InputsRead != read {
		r.FailAt(at, "inputsRead", "inputsRead is %d; expected the highest index of inputs plus one, %d", n.InputsRead, read)
	}
}

// inputNeed reads the need of an input. It also returns the offset of the index.
func (r *reader) inputNeed() (in InputNeed, at int) {
	start := r.Next()
	for key := range r.Object(inputNeedKeys) {
		switch key {
		case "index":
			at = r.Next()
			in.Index = r.Integer(0, channelfile.MaxInputs-1)
		case "name":
			in.Name = r.Name()
		case "type":
			in.Type, in.TypeKnown = r.inputType(), true
		case "instances":
			in.Instances = r.count(0)
		case "criteria":
			in.Criteria = r.count(1)
		case "coefficient":
			in.Coefficient = r.size()
		case "causes":
			in.First = r.causes()
		}
	}
	r.causesAgree(start, len(in.First), in.Instances)
	return in, at
}

func (r *reader) operatorNeed() OperatorNeed {
	var op OperatorNeed
	start := r.Next()
	for key := range r.Object(operatorNeedKeys) {
		switch key {
		case "operator":
			op.Operator = r.operator()
		case "instances":
			op.Instances = r.count(0)
		case "criteria":
			op.Criteria = r.count(1)
		case "causes":
			op.First = r.causes()
		}
	}
	r.causesAgree(start, len(op.First), op.Instances)
	return op
}

func (r *reader) causesAgree(at, causes, instances int) {
	if causes > instances {
		r.FailAt(at, "causes", "found %d causes for %d instances; expected no more causes than instances", causes, instances)
	}
}

func (r *reader) causes() []Cause {
	var list []Cause
	for range r.Elements(MaxCauses, "causes") {
		list = append(list, r.cause())
	}
	return list
}

func (r *reader) cause() Cause {
	c := Cause{Instance: -1, Word: -1}
	for key := range r.Object(causeKeys) {
		switch key {
		case "instance":
			c.Instance = r.count(0)
		case "id":
			s := r.String()
			if id, err := channelfile.ParseID(s); err == nil && id.String() == s {
				c.ID = id
			} else {
				r.Failf("found the string %s; expected a UUID in lower case, such as \"01234567-89ab-cdef-0123-456789abcdef\"", strictjson.Quote(s))
			}
		case "word":
			c.Word = r.count(0)
		case "rule":
			c.Rule = r.causeText()
		case "title":
			c.Title = r.causeText()
		case "path":
			c.Path = r.causeText()
		case "line":
			c.Line = int(r.Uint(0, min(math.MaxUint32, math.MaxInt)))
		}
	}
	return c
}

// causeText reads a text that comes from content. It may have any characters; printing code must
// escape it.
func (r *reader) causeText() string {
	s := r.String()
	if n := utf8.RuneCountInString(s); n > MaxCauseText {
		r.Failf("found a text of %d characters; expected at most %d", n, MaxCauseText)
	}
	return s
}

func (r *reader) sizes() Sizes {
	var s Sizes
	for key := range r.Object(sizesKeys) {
		switch key {
		case "fileSize":
			s.FileSize = r.size()
		case "instances":
			s.Instances = r.size()
		case "criteria":
			s.Criteria = r.size()
		case "wordsPerInstance":
			s.WordsPerInstance = r.size()
		case "operandsPerCriterion":
			s.OperandsPerCriterion = r.size()
		case "valueLength":
			s.ValueLength = r.size()
		case "programInstructions":
			s.ProgramInstructions = r.size()
		case "stack":
			s.Stack = r.size()
		}
	}
	return s
}

// JSON returns the needs as a document that [ReadNeeds] reads. Equal needs give equal bytes.
func (n *Needs) JSON() ([]byte, error) {
	return writeJSON("needs", func(w *writer) { w.needs(n) }, func(name string, data []byte) error {
		_, err := ReadNeeds(name, data)
		return err
	})
}

func (w *writer) needs(n *Needs) {
	w.Object(func() {
		w.Text("schema", NeedsSchema)
		w.Number("channel", uint64(n.Channel))
		w.Number("revision", uint64(n.Revision))
		w.Number("type", uint64(n.Type))
		w.OptionalText("typeName", n.TypeName)
		w.Number("typeVersion", uint64(n.TypeVersion))
		w.Text("format", n.Format)
		w.Signed("inputsDeclared", n.InputsDeclared)
		w.Signed("inputsRead", n.InputsRead)
		w.Key("inputs")
		w.Array(func() {
			for _, in := range n.Inputs {
				w.Object(func() {
					w.Signed("index", in.Index)
					w.OptionalText("name", in.Name)
					if in.TypeKnown {
						w.Text("type", in.Type.String())
					}
					w.Signed("instances", in.Instances)
					w.Signed("criteria", in.Criteria)
					w.Number("coefficient", in.Coefficient)
					w.causes(in.First)
				})
			}
		})
		w.Key("operators")
		w.Array(func() {
			for _, op := range n.Operators {
				w.Object(func() {
					w.Text("operator", op.Operator.String())
					w.Signed("instances", op.Instances)
					w.Signed("criteria", op.Criteria)
					w.causes(op.First)
				})
			}
		})
		w.Key("sizes")
		w.Object(func() {
			w.Number("fileSize", n.Sizes.FileSize)
			w.Number("instances", n.Sizes.Instances)
			w.Number("criteria", n.Sizes.Criteria)
			w.Number("wordsPerInstance", n.Sizes.WordsPerInstance)
			w.Number("operandsPerCriterion", n.Sizes.OperandsPerCriterion)
			w.Number("valueLength", n.Sizes.ValueLength)
			w.OptionalNumber("programInstructions", n.Sizes.ProgramInstructions)
			w.Number("stack", n.Sizes.Stack)
		})
		w.Key("steps")
		w.InlineObject(func() { w.Number("constant", n.Constant) })
		w.Number("memory", n.Memory)
	})
}

func (w *writer) causes(causes []Cause) {
	if len(causes) == 0 {
		return
	}
	w.Key("causes")
	w.Array(func() {
		for _, c := range causes {
			w.InlineObject(func() {
				if c.Instance != -1 {
					w.Signed("instance", c.Instance)
				}
				if c.ID != (channelfile.ID{}) {
					w.Text("id", c.ID.String())
				}
				if c.Word != -1 {
					w.Signed("word", c.Word)
				}
				w.OptionalText("rule", c.Rule)
				w.OptionalText("title", c.Title)
				w.OptionalText("path", c.Path)
				w.OptionalSigned("line", c.Line)
			})
		}
	})
}
