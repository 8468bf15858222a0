package view

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/anatomy"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// partsDriver prints the parts that the model of the page finds in files.
const partsDriver = `
for (const x of JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"))) {
  const m = new Model(x.document, new Uint8Array(Buffer.from(x.bytes, "base64")));
  const out = [];
  for (const p of m.parts()) {
    out.push([p.path, p.start, p.end, m.says(p)]);
    if (m.regions.length < 64 && p.start % 3 === 0) {
      const at = m.partAt(p.start);
      if (!at) throw new Error("no part at " + p.start);
    }
  }
  console.log(JSON.stringify(out));
}`

// TestModel compares the parts that the page computes in the browser with those of package anatomy:
// for the cases of the corpus, for damaged copies of them, and for the rule blobs.
func TestModel(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node to run the script of the page")
	}
	type file struct {
		Name     string    `json:"name"`
		Document *Document `json:"document"`
		Bytes    string    `json:"bytes"`
	}
	var files []file
	var maps []*anatomy.Map
	defs := builtin.Definitions()
	add := func(name string, data []byte) {
		files = append(files, file{name, DocumentOf(File{Name: name, Data: data}, defs), base64.StdEncoding.EncodeToString(data)})
		maps = append(maps, anatomy.Of(name, data))
	}
	random := rand.New(rand.NewPCG(16, 2))
	for i, c := range corpus.Cases() {
		if len(c.Data) > 16<<10 {
			continue
		}
		add(c.Name+".cf", c.Data)
		if i%4 == 0 && len(c.Data) > 48 {
			for _, data := range damaged(random, c.Data) {
				add(fmt.Sprintf("%s damaged %d.cf", c.Name, len(files)), data)
			}
		}
	}
	for i, c := range corpus.Sysmon() {
		if c.IsBlob() && len(c.Data) < 16<<10 {
			add(fmt.Sprintf("%s%d.bin", c.Name, i), c.Data)
		}
	}
	folder := t.TempDir()
	input, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"files.json": input, "driver.js": []byte(modelScript + partsDriver)} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(node, filepath.Join(folder, "driver.js"), filepath.Join(folder, "files.json"))
	var out, message bytes.Buffer
	command.Stdout, command.Stderr = &out, &message
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, message.String())
	}
	d := json.NewDecoder(&out)
	for i, f := range files {
		var got [][4]any
		if err := d.Decode(&got); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		n := 0
		for p := range maps[i].Parts() {
			want := fmt.Sprint([4]any{p.Path, float64(p.Start), float64(p.End), p.Says})
			if n >= len(got) {
				t.Errorf("%s: the page has %d parts; the next one is %s", f.Name, len(got), want)
				break
			}
			if found := fmt.Sprint(got[n]); found != want {
				t.Errorf("%s: part %d of the page is %s, expected %s", f.Name, n, found, want)
				break
			}
			n++
		}
		if n < len(got) {
			t.Errorf("%s: the page has %d parts, expected %d", f.Name, len(got), n)
		}
	}
	if len(files) < 500 {
		t.Errorf("%d files were compared; expected more", len(files))
	}
}

// damaged returns copies of a file: truncated, partly zero, and with a changed byte.
func damaged(random *rand.Rand, data []byte) [][]byte {
	cut := bytes.Clone(data[:random.IntN(len(data))])
	zero := bytes.Clone(data)
	start := random.IntN(len(data))
	clear(zero[start:min(len(data), start+200)])
	changed := bytes.Clone(data)
	for range 3 {
		changed[8+random.IntN(len(data)-8)] ^= byte(1 + random.IntN(255))
	}
	return [][]byte{cut, zero, changed}
}
