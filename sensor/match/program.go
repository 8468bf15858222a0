package match

import (
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// Limits of the analysis of a regular expression.
const (
	mostInstructions = 1 << 11 // longer programs have no literals
	mostAlternatives = 128     // literals for one program
	mostDepth        = 48      // nested alternatives
	workPerInst      = 256     // instructions visited for each instruction of the program
	mostLiteral      = 64      // bytes of a literal, about
	goodLiteral      = 3       // bytes; alternatives are not better than such a literal
)

// An analyser finds literals without which a program cannot match.
//
// Any way from instruction 0 to a match passes certain instructions. If such an instruction takes
// one rune, and the next instructions take one rune each, these runes are a literal that every
// matching value has. If there is only a split that every way passes, each of its two ends needs a
// literal, and a matching value has one of the two.
type analyser struct {
	program channelfile.Program
	code    []channelfile.Inst
	single  []rune // by instruction: the fold of the runes that it takes; -1 if they differ
	work    int

	from    []int32 // by instruction: where the first way came from, plus 2; 1 for the start
	on      []int32 // by instruction: its place on the way, plus 1
	visited []bool
	queue   []int32
}

// literals appends the literals of p to x.out. It returns false if p can match without any.
func (a *analyser) literals(p channelfile.Program, x *extractor) bool {
	n := p.Len()
	if n > mostInstructions {
		return false
	}
	x.work -= 8 * n
	a.program, a.code, a.single = p, a.code[:0], a.single[:0]
	for i := range n {
		in := p.Inst(i)
		a.code = append(a.code, in)
		r := rune(-1)
		if in.Op == channelfile.InstRunes {
			r = singleRune(p, in.Arg)
		}
		a.single = append(a.single, r)
	}
	a.work = min(workPerInst*n, x.work)
	before := a.work
	kept := len(x.out.list)
	ok := a.all(x, 0, 0, kept)
	x.work -= before - a.work
	if !ok {
		x.out.list = x.out.list[:kept]
	}
	return ok
}

// singleRune returns the fold that all runes of a class have, or -1 if they differ.
func singleRune(p channelfile.Program, class uint32) rune {
	const few = 4
	n := p.Ranges(class)
	if n == 0 || n > few {
		return -1
	}
	fold := rune(-1)
	for k := range n {
		lo, hi := p.Range(class, k)
		if hi-lo >= few {
			return -1
		}
		for r := lo; r <= hi; r++ {
			if !utf8.ValidRune(r) {
				return -1 // no value has it; keep it simple
			}
			f := channelfile.Fold(r)
			if fold >= 0 && f != fold {
				return -1
			}
			fold = f
		}
	}
	return fold
}

// all appends literals for all ways from an instruction to a match. The depth of the recursion
// is limited.
func (a *analyser) all(x *extractor, start int32, depth, kept int) bool {
	if depth > mostDepth || len(x.out.list)-kept >= mostAlternatives {
		return false
	}
	way := a.way(start)
	if way == nil {
		return a.work >= 0 // no way leads to a match, so no literal is needed
	}
	// Every way passes the instructions of must, in this order.
	must := a.passed(way)
	if a.work < 0 {
		return false
	}
	text := a.best(x, must)
	list := len(x.out.list)
	for _, i := range must {
		if len(text) >= goodLiteral || a.work < 0 {
			break
		}
		if in := a.code[i]; in.Op == channelfile.InstSplit && in.Out != in.Arg {
			if a.all(x, int32(in.Out), depth+1, kept) && a.all(x, int32(in.Arg), depth+1, kept) {
				return true
			}
			x.out.list = x.out.list[:list]
		}
	}
	if len(text) == 0 {
		return false
	}
	from := len(x.out.text)
	x.out.text = append(x.out.text, text...)
	x.add(contains, from)
	return true
}

// next returns the instructions that may follow i. The second is -1 if there is one.
func (a *analyser) next(i int32) (int32, int32) {
	switch in := a.code[i]; in.Op {
	case channelfile.InstSplit:
		return int32(in.Out), int32(in.Arg)
	case channelfile.InstRunes:
		if a.program.Ranges(in.Arg) == 0 {
			return -1, -1
		}
		return int32(in.Out), -1
	case channelfile.InstAssert:
		return int32(in.Out), -1
	}
	return -1, -1
}

// way returns a shortest way from an instruction to a match, both included, or nil.
func (a *analyser) way(start int32) []int32 {
	a.from = append(a.from[:0], make([]int32, len(a.code))...)
	a.queue = append(a.queue[:0], start)
	a.from[start] = 1
	for k := 0; k < len(a.queue); k++ {
		i := a.queue[k]
		if a.work--; a.work < 0 {
			return nil
		}
		if a.code[i].Op == channelfile.InstMatch {
			var way []int32
			for at := i; ; at = a.from[at] - 2 {
				way = append(way, at)
				if a.from[at] == 1 {
					break
				}
			}
			for l, r := 0, len(way)-1; l < r; l, r = l+1, r-1 {
				way[l], way[r] = way[r], way[l]
			}
			return way
		}
		x, y := a.next(i)
		for _, n := range [2]int32{x, y} {
			if n >= 0 && a.from[n] == 0 {
				a.from[n] = i + 2
				a.queue = append(a.queue, n)
			}
		}
	}
	return nil
}

// passed returns the instructions of a way that all ways from its start to a match pass.
func (a *analyser) passed(way []int32) (must []int32) {
	a.on = append(a.on[:0], make([]int32, len(a.code))...)
	for k, i := range way {
		a.on[i] = int32(k) + 1
	}
	a.visited = append(a.visited[:0], make([]bool, len(a.code))...)
	// far is the last place of the way that can be reached without passing place k.
	far := 0
	for k, i := range way {
		if far == k {
			must = append(must, i)
		}
		a.queue = append(a.queue[:0], i)
		for len(a.queue) > 0 {
			at := a.queue[len(a.queue)-1]
			a.queue = a.queue[:len(a.queue)-1]
			if a.work--; a.work < 0 {
				return nil
			}
			if a.code[at].Op == channelfile.InstMatch {
				far = len(way) // another match ends all
			}
			x, y := a.next(at)
			for _, n := range [2]int32{x, y} {
				switch {
				case n < 0:
				case a.on[n] > 0:
					far = max(far, int(a.on[n])-1)
				case !a.visited[n]:
					a.visited[n] = true
					a.queue = append(a.queue, n)
				}
			}
		}
	}
	return must
}

// best returns the rarest literal that starts at one of the instructions.
func (a *analyser) best(x *extractor, must []int32) []byte {
	var best []byte
	weight := ^uint64(0)
	for _, i := range must {
		var text []byte
		for at := i; len(text) < mostLiteral; at = int32(a.code[at].Out) {
			if a.work--; a.work < 0 {
				return nil
			}
			if a.code[at].Op == channelfile.InstAssert && len(text) > 0 {
				continue
			}
			if a.single[at] < 0 {
				break
			}
			text = utf8.AppendRune(text, a.single[at])
		}
		if len(text) == 0 {
			continue
		}
		if w := x.rarity.of(literal{kind: contains, text: text}); w < weight {
			best, weight = text, w
		}
	}
	return best
}
