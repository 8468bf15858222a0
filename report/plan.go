package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/rollout"
)

// PlanSchema is the name and version of the schema of a JSON plan, which is schema/plan.json.
const PlanSchema = rollout.Schema

// A Plan writes a plan of a rollout.
type Plan struct{ *rollout.Plan }

// planLines and planBuilds limit the cells and builds that Text lists.
const (
	planLines  = 20
	planBuilds = 5
)

// Digest returns the SHA-256 of the JSON document in hex. It names the plan.
func (p Plan) Digest() (string, error) {
	var doc bytes.Buffer
	if err := p.JSON(&doc); err != nil {
		return "", err
	}
	digest := sha256.Sum256(doc.Bytes())
	return hex.EncodeToString(digest[:]), nil
}

// Text writes the plan for people: the changed cells of each channel, the rings, and the digest of
// the JSON document.
func (p Plan) Text(w io.Writer) error {
	digest, err := p.Digest()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for i := range p.Contents {
		p.content(out, &p.Contents[i])
	}
	for i, ring := range p.Rings {
		var hosts []string
		for k, b := range p.Builds {
			all := ""
			if ring.Hosts[k] == b.Hosts {
				all = "all "
			}
			hosts = append(hosts, all+numeral.Thousands(ring.Hosts[k])+" of "+b.Name)
		}
		fmt.Fprintf(out, "%-12s%s: %s\n", fmt.Sprintf("ring %d", i+1), count(ring.Total(), "host"), Clean(listed(hosts)))
	}
	if len(p.Rings) == 0 {
		fmt.Fprintln(out, "ring        no build runs a changed cell, so there is nothing to observe in rings")
	}
	var names []string
	for _, b := range p.Unaffected {
		names = append(names, fmt.Sprintf("%s (%s)", b.Name, count(b.Hosts, "host")))
	}
	if len(names) > 0 {
		fmt.Fprintf(out, "unaffected  %s\n", Clean(listed(names)))
	}
	names = nil
	for _, b := range p.Whole() {
		names = append(names, fmt.Sprintf("%s (%s)", b.Name, count(b.Hosts, "host")))
	}
	if len(names) > 0 {
		fmt.Fprintf(out, "remark      ring 1 has all hosts of %s; it exercises no first use on them\n", Clean(listed(names)))
	}
	fmt.Fprintf(out, "sha256      %s of the JSON document\n", digest)
	return out.Flush()
}

// content writes the changed cells of a channel.
func (p Plan) content(w io.Writer, c *rollout.Content) {
	change := fmt.Sprintf("revision %d, new", c.Header.Revision)
	if c.Old != nil {
		change = fmt.Sprintf("revision %d to %d", c.Old.Revision, c.Header.Revision)
	}
	if c.Header.Revision == 0 {
		change = "compiled from rules"
	}
	fmt.Fprintf(w, "channel     %d, type %s version %d: %s, %s\n", c.Header.Channel, Clean(c.TypeName), c.Header.TypeVersion, change, count(uint64(len(c.Cells)), "changed cell"))
	// First uses come first, because they carry more risk.
	n := 0
	for _, first := range []bool{true, false} {
		for i := range c.Cells {
			cell := &c.Cells[i]
			if cell.First != first {
				continue
			}
			if n++; n > planLines {
				continue
			}
			word := "changed"
			if first {
				word = "first use"
			}
			var builds []string
			for _, b := range cell.Builds {
				builds = append(builds, p.Fleet.Contracts[b].Build)
			}
			on := "no build"
			if len(builds) > 0 {
				on = listed(builds)
			}
			fmt.Fprintf(w, "%-12s%s\n", word, Clean(fmt.Sprintf("%v on %s", cell.Cell, on)))
		}
	}
	if n > planLines {
		fmt.Fprintf(w, "            and %s more; --format json has them\n", numeral.Thousands(uint64(n-planLines)))
	}
}

// listed joins texts, at most planBuilds of them.
func listed(texts []string) string {
	if more := len(texts) - planBuilds; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:planBuilds], ", "), more)
	}
	return strings.Join(texts, ", ")
}

// JSON writes the plan for a deployer, in the form of [PlanSchema]. Equal plans give equal bytes.
// [rollout.ReadDocument] reads it.
func (p Plan) JSON(w io.Writer) error { return writeIndented(w, p.Document()) }
