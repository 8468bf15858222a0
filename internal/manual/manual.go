// Package manual writes the manual of a tree of commands, as pages for man(1) and as Markdown.
// Both have the same content as the help texts, so the three cannot differ.
package manual

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A Page is one page for man(1).
type Page struct {
	Name string // name of the file, such as cfcheck-check.1
	Text string // the page in the macros of man(7)
}

// Pages returns one page for the command and one for each command below it, in the order of the
// names of their files. It leaves out commands that are hidden or deprecated. The pages have no
// date and no version, so the same commands give the same bytes.
func Pages(root *cobra.Command) []Page {
	var pages []Page
	for _, cmd := range commands(root) {
		pages = append(pages, Page{name(cmd) + ".1", page(cmd)})
	}
	slices.SortFunc(pages, func(a, b Page) int { return cmp.Compare(a.Name, b.Name) })
	return pages
}

// Markdown returns a section of Markdown for each command: its texts, its examples and its flags.
// The headings have the given level. A command that only has commands below it has no section.
func Markdown(root *cobra.Command, level int) string {
	var b strings.Builder
	for _, cmd := range commands(root) {
		if cmd.HasAvailableSubCommands() {
			continue
		}
		fmt.Fprintf(&b, "\n%s %s\n\n%s.\n\n```\n%s\n```\n", strings.Repeat("#", level), cmd.CommandPath(), capital(cmd.Short), usage(cmd))
		if cmd.Long != "" {
			b.WriteString("\n")
			for _, block := range blocksOf(cmd.Long) {
				if block.verbatim {
					fmt.Fprintf(&b, "```\n%s\n```\n\n", block.text)
				} else {
					fmt.Fprintf(&b, "%s\n\n", escapeHTML(strings.ReplaceAll(block.text, "\n", " ")))
				}
			}
		}
		if cmd.Example != "" {
			fmt.Fprintf(&b, "\nFor example:\n\n```\n%s\n```\n", strings.TrimPrefix(strings.ReplaceAll(cmd.Example, "\n  ", "\n"), "  "))
		}
		if flags := flagsOf(cmd); len(flags) > 0 {
			b.WriteString("\n| flag | value | effect |\n|---|---|---|\n")
			for _, f := range flags {
				value, effect := pflag.UnquoteUsage(f)
				fmt.Fprintf(&b, "| %s | %s | %s |\n", "`"+strings.Join(spellings(f), "`, `")+"`", value, cell(effect+defaultOf(f)))
			}
		}
	}
	// Two blank lines never follow each other.
	text := b.String()
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return text
}

// commands returns a command and the commands below it that users see, each before the commands
// below it.
func commands(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for i := 0; i < len(all); i++ {
		for _, below := range all[i].Commands() {
			if below.IsAvailableCommand() {
				all = append(all, below)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *cobra.Command) int { return cmp.Compare(a.CommandPath(), b.CommandPath()) })
	return all
}

// name returns the name of a page without its section, such as cfcheck-contract-check.
func name(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// usage returns the line that shows the arguments of a command.
func usage(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Parent().CommandPath() + " " + cmd.Use
	}
	return cmd.CommandPath() + " command"
}

// flagsOf returns the flags of a command in the order of their names, without --help.
func flagsOf(cmd *cobra.Command) []*pflag.Flag {
	var flags []*pflag.Flag
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !f.Hidden {
			flags = append(flags, f)
		}
	})
	return flags
}

// spellings returns the short and the long form of a flag.
func spellings(f *pflag.Flag) []string {
	if f.Shorthand == "" {
		return []string{"--" + f.Name}
	}
	return []string{"-" + f.Shorthand, "--" + f.Name}
}

// defaultOf returns the default of a flag in parentheses, or "". A usage text that states the
// default itself gets no second one.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "false", "[]":
		return ""
	}
	if strings.Contains(f.Usage, "(default") {
		return ""
	}
	return " (default " + f.DefValue + ")"
}

// A block is a paragraph, or lines that keep their layout.
type block struct {
	text     string
	verbatim bool
}

// blocksOf splits a help text. Lines that begin with a space or a tab keep their layout.
func blocksOf(text string) []block {
	var blocks []block
	open := false // the last block continues
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		verbatim := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		switch {
		case line == "":
			open = false
		case open && blocks[len(blocks)-1].verbatim == verbatim:
			blocks[len(blocks)-1].text += "\n" + line
		default:
			blocks = append(blocks, block{line, verbatim})
			open = true
		}
	}
	return blocks
}

func page(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s\" \"\"\n", strings.ToUpper(roff(name(cmd))), roff(cmd.Root().Name()))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name(cmd)), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.nf\n%s\n.fi\n", roff(usage(cmd)))
	b.WriteString(".SH DESCRIPTION\n")
	for i, block := range blocksOf(cmp.Or(cmd.Long, capital(cmd.Short)+".")) {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if block.verbatim {
			fmt.Fprintf(&b, ".nf\n%s\n.fi\n", roff(block.text))
		} else {
			fmt.Fprintf(&b, "%s\n", roff(block.text))
		}
	}
	if flags := flagsOf(cmd); len(flags) > 0 {
		b.WriteString(".SH OPTIONS\n")
		for _, f := range flags {
			value, effect := pflag.UnquoteUsage(f)
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR", roff(strings.Join(spellings(f), ", ")))
			if value != "" {
				fmt.Fprintf(&b, " \\fI%s\\fR", roff(value))
			}
			fmt.Fprintf(&b, "\n%s\n", roff(capital(effect)+defaultOf(f)+"."))
		}
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(cmd.Example))
	}
	if related := related(cmd); len(related) > 0 {
		fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", strings.Join(related, ",\n"))
	}
	return b.String()
}

// related returns references to the command above and the commands below.
func related(cmd *cobra.Command) []string {
	var names []string
	if cmd.HasParent() {
		names = append(names, name(cmd.Parent()))
	}
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			names = append(names, name(below))
		}
	}
	for i, name := range names {
		names[i] = "\\fB" + roff(name) + "\\fR(1)"
	}
	return names
}

var roffSpecial = strings.NewReplacer(`\`, `\e`, "-", `\-`)

// roff returns a text that man(7) shows as it is. A line that begins with a dot or a quotation mark
// would be a request.
func roff(s string) string {
	lines := strings.Split(roffSpecial.Replace(s), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// capital returns a text with a capital letter at its start.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cell returns a text for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(escapeHTML(s), "|", `\|`) }

// escapeHTML keeps Markdown from taking a placeholder such as <name> for a tag, and a
// pattern such as *.cf for emphasis.
func escapeHTML(s string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`).Replace(s)
}
