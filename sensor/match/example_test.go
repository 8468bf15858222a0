package match_test

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

func Example() {
	const image, commandLine = 0, 1
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 2})
	for i, condition := range []channelfile.Expr{
		channelfile.Suffix(image, `\whoami.exe`).Fold(),
		channelfile.And(channelfile.Suffix(image, `\certutil.exe`), channelfile.Contains(commandLine, "-urlcache")).Fold(),
	} {
		if err := b.Add(channelfile.ID{15: byte(i + 1)}, condition, nil); err != nil {
			fmt.Println(err)
			return
		}
	}
	data, err := b.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := channelfile.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	ix, err := match.New(f)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A goroutine has its own Matcher. The index is shared.
	m := ix.Matcher()
	matched, err := m.Match(interp.Event{
		image:       interp.Text(`C:\Windows\System32\certutil.exe`),
		commandLine: interp.Text(`certutil -URLCache -f http://192.0.2.1/a`),
	})
	fmt.Println(matched, err)
	// Output: [1] <nil>
}
