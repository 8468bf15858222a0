package workload

import (
	"iter"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// A Source returns n instances for a seed, as [Instances] and [ExactInstances] do.
type Source func(n int, seed uint64) iter.Seq2[channelfile.ID, channelfile.Expr]

// Selective returns a file with n instances that match few events, as rules that people use do. It
// leaves out the instances that match one of some hundred events.
func Selective(n int, instances Source) (*channelfile.File, error) {
	b := channelfile.NewBuilder(Header)
	for id, condition := range instances(2*n, 1) {
		if err := b.Add(id, condition, nil); err != nil {
			return nil, err
		}
	}
	all, err := encoded(b)
	if err != nil {
		return nil, err
	}
	ix, err := match.New(all)
	if err != nil {
		return nil, err
	}
	m, noisy := ix.Matcher(), map[channelfile.ID]bool{}
	for i, e := range Events(all, 800, 2) {
		if i%2 == 1 {
			continue // made for an instance
		}
		list, err := m.Match(e)
		if err != nil {
			return nil, err
		}
		for _, k := range list {
			noisy[all.Instance(k).ID] = true
		}
	}
	b = channelfile.NewBuilder(Header)
	added := 0
	for id, condition := range instances(2*n, 1) {
		if noisy[id] || added == n {
			continue
		}
		if err := b.Add(id, condition, nil); err != nil {
			return nil, err
		}
		added++
	}
	return encoded(b)
}

func encoded(b *channelfile.Builder) (*channelfile.File, error) {
	data, err := b.Encode()
	if err != nil {
		return nil, err
	}
	return channelfile.Parse(data)
}
