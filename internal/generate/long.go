package generate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// many is a number that needs more than 16 bits.
const many = 1<<16 + 10

// LongFiles is the number of calls of Long that together return each kind of file once.
const LongFiles = 6

// Long returns a batch of one file with counts and offsets that need more than 16 bits. Some
// of its builds supply everything, others have no room for the file. The batch detects numbers
// that are kept in too few bits.
func (g *Generator) Long() *Batch { return g.counted(many, MaxLength, MaxLength) }

// Medium returns a batch as Long does, with a file whose counts need more than 8 bits.
func (g *Generator) Medium() *Batch { return g.counted(300, 40, 400) }

// Changed returns files of Medium with some fields changed, and a build that supplied
// everything before the change.
func (g *Generator) Changed() *Batch {
	b := g.Medium()
	valid := b.Files[0].Data
	b.Files, b.Fleets = nil, b.Fleets[:1]
	for range 30 {
		b.Files = append(b.Files, File{g.Patch(valid), Patched})
	}
	return b
}

// counted returns a batch of one file with many entries of some kind and texts of a given
// length, for events whose strings have at most a given number of bytes.
func (g *Generator) counted(many, length, most int) *Batch {
	d := &sensor.Definition{Name: "long", Number: 2911, Version: 3, Channel: 291, Inputs: []sensor.Input{
		{Name: "Text", Type: sensor.TypeString, MaxLength: most}, {Name: "Number", Type: sensor.TypeInteger}, {Name: "Other", Type: sensor.TypeString, MaxLength: most},
	}}
	g.long++
	kind := g.long % LongFiles
	if kind == 5 {
		for i := range min(many, channelfile.MaxInputs-len(d.Inputs)-2) {
			d.Inputs = append(d.Inputs, sensor.Input{Name: fmt.Sprint("More", i), Type: sensor.TypeString, MaxLength: 8 + i/100})
		}
		d.Inputs = append(d.Inputs, sensor.Input{Name: "Far", Type: sensor.TypeInteger}, sensor.Input{Name: "Farthest", Type: sensor.TypeAddress})
	}
	defs := new(sensor.Definitions)
	if err := defs.Add(d); err != nil {
		panic(fmt.Sprintf("a generated definition is rejected: %v", err))
	}
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: revision, Type: d.Number, TypeVersion: d.Version, InputsDeclared: uint16(len(d.Inputs))})
	rules := kind == 2 || g.one(2)
	add := func(i int, e channelfile.Expr) {
		var origin *channelfile.Origin
		if rules {
			origin = &channelfile.Origin{Rule: fmt.Sprint("rule ", i), Path: "long.yml", Line: i + 1}
			e = e.From(i+1, fmt.Sprint("text ", i))
		}
		id := channelfile.ID{0: byte(i >> 16), 1: byte(i >> 8), 2: byte(i), 15: 1}
		if err := b.Add(id, e, origin); err != nil {
			panic(fmt.Sprintf("a generated condition is rejected: %v", err))
		}
	}
	switch kind {
	case 0: // operands and values, in one criterion
		numbers := make([]int64, many)
		for i := range numbers {
			numbers[i] = int64(i)
		}
		add(0, channelfile.IntegerEquals(1, numbers[:min(many, channelfile.MaxOperands)]...))
		add(2, channelfile.IntegerEquals(1, numbers[many/2:]...).All())
		add(1, channelfile.And(channelfile.Equals(0, "a"), channelfile.Exists(2)))
		networks := make([]netip.Prefix, min(many, 600))
		for i := range networks { // no two are equal
			networks[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 7), byte(2 * i), 0}), 24)
		}
		add(3, channelfile.AddressPrefix(2, networks...))
		add(4, channelfile.And(channelfile.AddressPrefix(2, networks[len(networks)/2]), channelfile.Exists(0)))
	case 1: // the pool, and a long value
		texts := make([]string, min(many, 80_000/length))
		for i := range texts {
			// The differing part of two adjacent values is in each of the first words.
			text := strings.Repeat("s", 8*(i%4)) + fmt.Sprintf("%08d", i)
			texts[i] = text + strings.Repeat("xyz", length)[:max(0, length-len(text))]
		}
		add(0, channelfile.Prefix(0, texts...))
		add(1, channelfile.Contains(2, texts...).All())
		add(2, channelfile.Pattern(0, "*"+texts[3][:length/4]+"?"))
		add(3, channelfile.Equals(0, texts[1:]...).Fold())
		q := strings.Repeat("q", 300)
		add(4, channelfile.And(channelfile.Contains(0, q), channelfile.Pattern(2, "*?"+q+"*?"), channelfile.Suffix(0, "r"+q)))
		add(5, channelfile.Pattern(2, "*\x9F?*"+strings.Repeat("a", 300)+`\*`+strings.Repeat("a", 1<<14)))
		add(6, channelfile.And(channelfile.Pattern(2, "*\x9F?*"+strings.Repeat("a", 300)+`\*?`), channelfile.Exists(1)))
	case 2: // instances, words, and provenance
		for i := range many {
			e := channelfile.And(channelfile.Equals(0, string(rune('a'+i%26))), channelfile.Exists(1+i%2))
			if many < 1000 { // long conditions of every form
				at := func(k int) channelfile.Expr { return channelfile.IntegerEquals(1, int64(i+k)) }
				if i%2 == 0 {
					e = channelfile.And(e, at(0), at(1), at(2), at(3))
				} else {
					e = channelfile.And(channelfile.Or(e, channelfile.And(at(0), at(7)), channelfile.Not(at(1))), channelfile.Or(at(2), at(3)), at(4))
				}
			}
			add(i, e)
		}
	case 3: // programs, classes, ranges, and operands of an or
		var either []channelfile.Expr
		source := func(i int) string {
			first := 0xE000 + 3*i // outside every script
			more := ""            // two files of four have classes with different numbers of ranges
			if i >= 200 && g.long/(2*LongFiles)%2 == 0 {
				more = `\x{F0000}\x{F0002}\x{F0004}\x{F0006}`
			}
			return fmt.Sprintf(`a[\x{%x}-\x{%x}%s]+`, first, first+1, more)
		}
		for i := range 300 {
			add(i, channelfile.Regexp(2, source(i)))
			either = append(either, channelfile.And(channelfile.Equals(0, fmt.Sprint("either ", i)), channelfile.Exists(1)))
		}
		add(300, channelfile.Or(either...))
		add(301, channelfile.Regexp(0, `\pL+[^\pN]`, `[0-9]{60}`, `[a-z]{300}(b|cd)$`, `[a-z]{0,280}q`, `(?i)[\x{10000}-\x{10FFFF}Z]$`))
		add(302, channelfile.And(channelfile.Equals(2, "Z").Fold(), channelfile.Not(channelfile.Regexp(0, "x"))))
		// Consecutive programs with numbers that differ by 256, and an event for the second.
		add(303, channelfile.Regexp(2, source(10), source(266)))
		add(304, channelfile.And(channelfile.Regexp(2, source(266)), channelfile.Regexp(0, `[a-z]{300}(b|cd)$`)))
	case 4: // criteria
		for i := range many {
			e := channelfile.IntegerRange(1, [2]int64{int64(i), int64(i) + 10})
			if i >= many/2 { // criteria with different second operands
				e = channelfile.Contains(2, "a", fmt.Sprint("b", i)).All()
			}
			add(i, e)
		}
		add(many, channelfile.Regexp(2, "a.*b", "[a-z]{3}"))
	case 5: // inputs
		last := len(d.Inputs) - 3 // the last string
		add(0, channelfile.EqualsInput(0, last, last-1))
		add(1, channelfile.And(channelfile.PrefixInput(last-2, last-3), channelfile.Exists(last-4)))
		add(2, channelfile.Equals(last-5, "a", "b").Fold())
		others := make([]int, last-10)
		for i := range others {
			others[i] = 6 + i
		}
		add(3, channelfile.Or(channelfile.IntegerEqualsInput(3, others...), channelfile.SuffixInput(4, others...), channelfile.EqualsInput(5, others[1:]...)))
		add(4, channelfile.And(channelfile.IntegerEqualsInput(3, others...), channelfile.Exists(0)))
		add(5, channelfile.IntegerEqualsInput(3, others[:2]...))
		add(6, channelfile.And(channelfile.IntegerRange(last+1, [2]int64{5, 9}), channelfile.AddressPrefix(last+2, netip.MustParsePrefix("10.0.0.0/8"))))
	}
	data, err := b.Encode()
	if err != nil {
		panic(fmt.Sprintf("a model that the builder accepted cannot be encoded: %v", err))
	}
	supply := sensor.Supply{Type: d.Name, Version: d.Version, Evidence: sensor.EvidenceExtracted}
	for _, in := range d.Inputs {
		supply.Inputs = append(supply.Inputs, sensor.SuppliedInput{Name: in.Name, Type: in.Type, State: sensor.StateSupplied, MaxLength: in.MaxLength})
	}
	fleet := func(whole bool, change func(*sensor.Contract)) Fleet {
		c := sensor.Contract{
			Build: "b0", Hosts: uint64(many), Supplies: []sensor.Supply{supply},
			Reader: sensor.Reader{Access: sensor.AccessPositional, Evidence: sensor.EvidenceStated, Formats: formats, Operators: operators},
		}
		change(&c)
		f := &sensor.Fleet{Name: "long", Contracts: []sensor.Contract{c}}
		return Fleet{f, f.Cohorts(), whole}
	}
	l := fileSizes(data, d)
	sizes := &l.needs.Sizes
	exact := sensor.Limits{
		FileSize: sizes.FileSize, Instances: sizes.Instances, Criteria: sizes.Criteria, WordsPerInstance: sizes.WordsPerInstance,
		OperandsPerCriterion: sizes.OperandsPerCriterion, ValueLength: sizes.ValueLength, ProgramInstructions: sizes.ProgramInstructions, Revision: uint64(l.needs.Revision),
	}
	fleets := []Fleet{
		fleet(true, func(*sensor.Contract) {}),
		fleet(true, func(c *sensor.Contract) {
			c.Reader.Budget, c.Reader.Limits = sensor.Budget{Steps: l.steps, Memory: l.needs.Memory}, exact
		}),
		fleet(false, func(c *sensor.Contract) { c.Reader.Budget.Steps = l.steps - 1 }),
		fleet(false, func(c *sensor.Contract) { c.Reader.Budget.Memory = l.needs.Memory - 1 }),
		fleet(false, func(c *sensor.Contract) { c.Supplies[0].Inputs = supply.Inputs[:g.Intn(3)] }),
	}
	if many < 1000 { // one input is missing; with more rules the truth tables are slow
		i := g.Intn(3)
		fleets = append(fleets, fleet(false, func(c *sensor.Contract) {
			c.Reader.Access = sensor.AccessNamed
			c.Supplies[0].Inputs = slices.Delete(slices.Clone(supply.Inputs), i, i+1)
		}))
	}
	for _, limit := range []func(*sensor.Limits) *uint64{ // each limit is too small by one
		func(l *sensor.Limits) *uint64 { return &l.FileSize },
		func(l *sensor.Limits) *uint64 { return &l.Instances },
		func(l *sensor.Limits) *uint64 { return &l.Criteria },
		func(l *sensor.Limits) *uint64 { return &l.WordsPerInstance },
		func(l *sensor.Limits) *uint64 { return &l.OperandsPerCriterion },
		func(l *sensor.Limits) *uint64 { return &l.ValueLength },
		func(l *sensor.Limits) *uint64 { return &l.ProgramInstructions },
		func(l *sensor.Limits) *uint64 { return &l.Revision },
	} {
		short := exact
		if n := limit(&short); *n > 1 { // 0 means no limit
			*n--
			fleets = append(fleets, fleet(false, func(c *sensor.Contract) { c.Reader.Limits = short }))
		}
	}
	return &Batch{Definition: d, Definitions: defs, Files: []File{{data, Valid}}, Fleets: fleets}
}

// revision is the revision of generated files. It is not 1, so that a limit can be lower.
const revision = 2

// fileSizes returns the cost of a valid file on builds that supply every declared input.
func fileSizes(data []byte, d *sensor.Definition) cost {
	f, err := channelfile.Parse(data)
	if err != nil {
		panic(fmt.Sprintf("a valid file cannot be read: %v", err))
	}
	c := cost{needs: sensor.NeedsOf(f, nil)}
	c.steps, _ = c.needs.Steps(func(i int) (int, bool) {
		switch d.Inputs[i].Type {
		case sensor.TypeInteger:
			return 8, true
		case sensor.TypeAddress:
			return 16, true
		}
		return d.Inputs[i].MaxLength, true
	})
	return c
}
