package blobedits

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// Samples returns rule blobs of our own for each binary version that can be written. They have
// every operator, named and unnamed groups, several elements of a tag, and an empty element. Some
// records stand under the second ID of a tag.
func Samples() ([]File, error) {
	var files []File
	for major := uint16(15); major <= 18; major++ {
		binary := sysmon.Version{Major: major}
		for i, r := range samples(binary) {
			data, err := blob.Encode(r, binary)
			if err != nil {
				return nil, err
			}
			files = append(files, File{fmt.Sprintf("sample %d of version %d", i+1, major), data})
		}
	}
	return files, nil
}

func samples(binary sysmon.Version) []*sysmon.Rules {
	schema := blob.SchemaOf(binary)
	one := func(elements ...sysmon.Element) *sysmon.Rules {
		return &sysmon.Rules{Schema: schema.Version, Elements: elements}
	}
	every := sysmon.Element{Event: 1, Include: true}
	for o := sysmon.Operator(0); o.Known(); o++ {
		every.Filters = append(every.Filters, sysmon.Filter{Field: int(o) % 20, Op: o, Value: fmt.Sprintf(`C:\Part %d;ü`, o), Group: -1})
	}
	grouped := sysmon.Element{Event: 3, Include: true, All: true}
	for i := range 9 {
		f := sysmon.Filter{Field: 4 + i, Op: sysmon.EndWith, Value: `%windir%\a.exe`, Name: "technique", Group: i/3 - 1}
		if i%3 == 0 && i > 0 {
			grouped.Groups = append(grouped.Groups, sysmon.Group{Name: "rule", All: i == 3, First: i})
		}
		grouped.Filters = append(grouped.Filters, f)
	}
	// The compiler tries event 12 first, and counts its groups up to the field that it lacks.
	details := sysmon.Element{
		Event: 13, Include: true,
		Groups: []sysmon.Group{{ID: 4, First: 0}, {ID: 5, All: true, First: 1}},
		Filters: []sysmon.Filter{
			{Field: 7, Op: sysmon.Contains, Value: "DWORD", Group: 0},
			{Field: 6, Op: sysmon.BeginWith, Value: `HKLM\`, Group: 1},
			{Field: 7, Op: sysmon.Is, Value: "", Group: 1},
		},
	}
	drop := sysmon.Element{Event: 12, Filters: []sysmon.Filter{{Field: 6, Op: sysmon.Contains, Value: `\Run\`, Group: -1}}}
	first := details
	first.Groups = []sysmon.Group{{ID: 2, First: 0}, {ID: 3, All: true, First: 1}}
	return []*sysmon.Rules{
		one(every),
		one(every, grouped, drop, details, sysmon.Element{Event: 22, Include: true}),
		one(sysmon.Element{Event: 5}, sysmon.Element{Event: 22, Include: true}),
		one(first, drop),
	}
}
