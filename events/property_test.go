package events

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestFormsAgree checks that all forms of an event give the same record. The
// order of the keys and the other content that an exporter adds do not matter.
func TestFormsAgree(t *testing.T) {
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab\"/ é😀`+"\n\x00")), 0, 6, -1)
	name := rapid.StringOfN(rapid.RuneFrom([]rune(`xyZ_\" `)), 1, 4, -1).Filter(func(s string) bool {
		return !strings.HasSuffix(s, "_attributes")
	})
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Uint32().Draw(t, "id")
		provider, channel, computer := text.Draw(t, "provider"), text.Draw(t, "channel"), text.Draw(t, "computer")
		data := rapid.MapOfN(name, text, 0, 5).Draw(t, "data")
		var want []string
		var members []string
		for name, value := range data {
			members = append(members, quote(name)+":"+quote(value))
			want = append(want, fmt.Sprintf("%s=%q", name, value))
		}
		slices.Sort(members)
		slices.Sort(want)
		object := func(members ...string) string {
			return "{" + strings.Join(rapid.Permutation(members).Draw(t, "order"), ",") + "}"
		}
		number := rapid.SampledFrom([]string{fmt.Sprint(id), fmt.Sprintf(`"%d"`, id)}).Draw(t, "number")
		p, ch, co := quote(provider), quote(channel), quote(computer)
		forms := map[string]string{
			"ours": object(`"EventID":`+number, `"Provider":`+p, `"Channel":`+ch, `"Computer":`+co, `"Time":"t"`, `"x":[1]`, `"EventData":`+object(members...)),
			"flat": object(append([]string{`"EventID":` + number, `"SourceName":` + p, `"Channel":` + ch, `"Hostname":` + co, `"tags":["a"]`, `"ecs":{"version":"1"}`}, members...)...),
			"nxlog": object(append([]string{`"EventID":` + number, `"SourceName":` + p, `"Channel":` + ch, `"Hostname":` + co, `"SourceModuleType":"im_msvistalog"`,
				`"EventType":"INFO"`, `"Message":"m"`, `"ProcessID":4`}, members...)...),
			"ecs": object(`"@timestamp":"t"`, `"host":{"name":"other","ip":["1"]}`, `"event":{"code":"7"}`, `"tags":["a"]`,
				`"winlog":`+object(`"event_id":`+number, `"provider_name":`+p, `"channel":`+ch, `"computer_name":`+co, `"task":"t"`, `"keywords":["k"]`, `"event_data":`+object(members...))),
			"winlogbeat 6": object(`"event_id":`+number, `"source_name":`+p, `"log_name":`+ch, `"computer_name":`+co, `"beat":{"name":"b"}`, `"keywords":["k"]`, `"event_data":`+object(members...)),
			"xml": object(`"Event":` + object(`"#attributes":{"xmlns":"x"}`,
				`"System":`+object(`"EventID":`+number, `"Provider":{"#attributes":{"Guid":"g","Name":`+p+`}}`, `"Channel":`+ch, `"Computer":`+co, `"Execution":{"#attributes":{"ProcessID":1}}`),
				`"EventData":`+object(members...))),
		}
		forms["elasticsearch"] = object(`"_id":"1"`, `"sort":[1]`, `"_source":`+forms["ecs"])
		for form, line := range forms {
			var rec Record
			if err := NewReader("x", strings.NewReader(line)).Read(&rec); err != nil {
				t.Fatalf("%s: %v:\n%s", form, err, line)
			}
			if rec.EventID != id || string(rec.Provider) != provider || string(rec.Channel) != channel || string(rec.Computer) != computer {
				t.Errorf("%s: the event is %s; want %d %s %s %s:\n%s", form, show(&rec), id, provider, channel, computer, line)
			}
			var have []string
			for i := range rec.Fields {
				have = append(have, rec.Fields[i].String())
			}
			slices.Sort(have)
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("%s: fields (-want +have):\n%s\n%s", form, diff, line)
			}
		}
	})
}
