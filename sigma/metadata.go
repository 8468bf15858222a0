package sigma

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/channelfile"
)

// maxNotes is the maximum number of notes on the metadata of a rule.
const maxNotes = 20

// note records a remark on the metadata of a rule, which changes nothing. It returns
// false if the rule has enough of them.
func (p *parser) note(r *Rule, n *yaml.Node, path, message string, c Correction) bool {
	if len(r.Notes) >= maxNotes {
		return false
	}
	p.spend(cost{values: errorValues, bytes: len(message)})
	r.Notes = append(r.Notes, Note{r.Name, p.position(n), path, message, c})
	return true
}

// warn records metadata that Sigma does not allow, and that changes nothing. The
// message ends with the advice, after its last semicolon.
func (p *parser) warn(r *Rule, at Position, path, found, want string, c Correction) {
	message := found + "; " + want
	p.spend(cost{values: errorValues, bytes: len(message)})
	r.Warnings = append(r.Warnings, Note{r.Name, at, path, message, c})
}

// joined returns a list of texts where Sigma has one text, such as several authors.
func (p *parser) joined(r *Rule, n *yaml.Node, path string) Text {
	var all []string
	for _, item := range n.Content {
		if text := p.text(p.resolve(item), path); text.Set() {
			all = append(all, text.Value)
		}
	}
	text := Text{strings.Join(all, ", "), p.position(n)}
	if len(text.Value) > channelfile.MaxTextLength {
		p.fail(n, path, fmt.Sprintf("list has %s bytes; the limit is %s", count(len(text.Value)), count(channelfile.MaxTextLength)), "shorten it")
		return Text{}
	}
	p.warn(r, text.Position, path, path+" is a list", "write one text, with commas", Correction{})
	return text
}

// namespaces are the namespaces of tags, and tactics are the names of tactics in the
// namespace attack, after the appendix "Sigma Tags" of Sigma's specification, version
// 2.1.0 (specification/sigma-appendix-tags.md at 0c857d0). The project's own rules use
// the last four tactics too.
var (
	namespaces = []string{"attack", "car", "cve", "d3fend", "detection", "stp", "tlp"}
	tactics    = []string{
		"initial-access", "execution", "persistence", "privilege-escalation", "defense-evasion", "credential-access",
		"discovery", "lateral-movement", "collection", "exfiltration", "command-and-control", "impact",
		"reconnaissance", "resource-development", "stealth", "defense-impairment",
	}
)

// tags adds a note for each tag that is not a namespace and a name, or that is a
// misspelling.
func (p *parser) tags(r *Rule, n *yaml.Node) {
	for _, written := range n.Content {
		tag := p.resolve(written)
		if n.Kind != yaml.SequenceNode || tag.Kind != yaml.ScalarNode {
			return
		}
		found, meant := tagProblem(tag.Value)
		if found == "" {
			continue
		}
		want := "expected one such as attack.t1059"
		if meant != "" {
			want = fmt.Sprintf("did you mean %s?", quote(meant))
		}
		if !p.note(r, written, "tags", fmt.Sprintf("tag %s %s; %s", quote(tag.Value), found, want), corrects(CorrectsTag, tag.Value, meant)) {
			return
		}
	}
}

// tagProblem returns the problem of a tag, and the tag that was meant or "". Without a problem,
// found is "". A namespace of its own is no problem.
func tagProblem(tag string) (found, meant string) {
	namespace, name, ok := strings.Cut(tag, ".")
	if !ok || !isTagWord(namespace, "_-") || !isTagWord(name, "._-") && !(namespace == "d3fend" && isTagWord(strings.ToLower(name), "._-")) {
		if tidy := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(tag), " ", "-")); tidy != tag {
			if other, _ := tagProblem(tidy); other == "" && nearest(tag, []string{tidy}) != "" {
				return notTag, tidy
			}
		}
		return notTag, ""
	}
	if meant := misspelt(namespace, namespaces); meant != "" {
		return "has an unknown namespace", meant + "." + name
	}
	if namespace == "attack" && strings.Trim(name, "0123456789.") == name {
		if meant := misspelt(name, tactics); meant != "" {
			return "names an unknown tactic", namespace + "." + meant
		}
	}
	return "", ""
}

const notTag = "is not a namespace and a name in lower case"

// isTagWord reports whether s has only lower-case letters, digits and other
// characters, at least one.
func isTagWord(s, others string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.ContainsRune(others, c))
	}) < 0
}

// relatedTypes are the types of related rules. The specification and pySigma differ in
// one letter of the second.
var relatedTypes = []string{"derived", "obsolete", "obsoletes", "merged", "renamed", "similar"}

// related adds a note for each related rule with an unknown type.
func (p *parser) related(r *Rule, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		return
	}
	for _, written := range n.Content {
		entry := p.resolve(written)
		if entry.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(entry.Content); i += 2 {
			value := p.resolve(entry.Content[i+1])
			if entry.Content[i].Value != "type" || value.Kind != yaml.ScalarNode || slices.Contains(relatedTypes, value.Value) {
				continue
			}
			if !p.note(r, entry.Content[i+1], "related", fmt.Sprintf("type %s is not one of Sigma's; %s", quote(value.Value), didYouMean(value.Value, relatedTypes)),
				corrects(CorrectsRelated, value.Value, nearest(value.Value, relatedTypes))) {
				return
			}
		}
	}
}
