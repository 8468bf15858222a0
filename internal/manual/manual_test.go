package manual

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// tool returns a tree with everything that a page can hold.
func tool() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "do a thing", Long: "tool does it.\n\nStatus:\n  0  done\n  1  not done\nNo more."}
	work := &cobra.Command{
		Use: "work [flags] path...", Short: "work on a path",
		Long:    "work takes C:\\dir and <name>.\n.dot begins this line.\n'quote begins this one.",
		Example: "  tool work -o out a-b",
		Run:     func(*cobra.Command, []string) {},
	}
	work.Flags().StringP("out", "o", "", "write to a `file` | a pipe")
	work.Flags().Int("top", 10, "list `N` of *.cf")
	work.Flags().Bool("quiet", false, "say nothing")
	work.Flags().String("kept", "a", "a `word` (default a)")
	hidden := &cobra.Command{Use: "hidden", Hidden: true, Run: func(*cobra.Command, []string) {}}
	group := &cobra.Command{Use: "group", Short: "hold commands"}
	group.AddCommand(&cobra.Command{Use: "leaf", Short: "do a leaf", Run: func(*cobra.Command, []string) {}})
	root.AddCommand(work, hidden, group)
	return root
}

func TestPages(t *testing.T) {
	var names []string
	pages := make(map[string]string)
	for _, p := range Pages(tool()) {
		names = append(names, p.Name)
		pages[p.Name] = p.Text
	}
	if got, want := strings.Join(names, " "), "tool-group-leaf.1 tool-group.1 tool-work.1 tool.1"; got != want {
		t.Errorf("pages %s, want %s", got, want)
	}
	const want = `.TH TOOL\-WORK 1 "" "tool" ""
.SH NAME
tool\-work \- work on a path
.SH SYNOPSIS
.nf
tool work [flags] path...
.fi
.SH DESCRIPTION
work takes C:\edir and <name>.
\&.dot begins this line.
\&'quote begins this one.
.SH OPTIONS
.TP
\fB\-\-kept\fR \fIword\fR
A word (default a).
.TP
\fB\-o, \-\-out\fR \fIfile\fR
Write to a file | a pipe.
.TP
\fB\-\-quiet\fR
Say nothing.
.TP
\fB\-\-top\fR \fIN\fR
List N of *.cf (default 10).
.SH EXAMPLES
.nf
  tool work \-o out a\-b
.fi
.SH SEE ALSO
\fBtool\fR(1)
`
	if got := pages["tool-work.1"]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := "Status:\n.PP\n.nf\n  0  done\n  1  not done\n.fi\n.PP\nNo more.\n"; !strings.Contains(pages["tool.1"], want) {
		t.Errorf("the list of the description does not keep its layout; want %q in\n%s", want, pages["tool.1"])
	}
	if want := ".SH SEE ALSO\n\\fBtool\\-group\\fR(1),\n\\fBtool\\-work\\fR(1)\n"; !strings.Contains(pages["tool.1"], want) {
		t.Errorf("want %q in\n%s", want, pages["tool.1"])
	}
}

// TestGroff formats the pages, where groff is installed. It warns of each macro that it does not
// know and of each unbalanced one.
func TestGroff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed, so no program formats the pages")
	}
	for _, p := range Pages(tool()) {
		cmd := exec.Command(groff, "-man", "-Tascii", "-ww", "-P-cbou")
		cmd.Stdin = strings.NewReader(p.Text)
		var said, shown strings.Builder
		cmd.Stderr, cmd.Stdout = &said, &shown
		if err := cmd.Run(); err != nil || said.Len() > 0 {
			t.Errorf("%s: %v: %s", p.Name, err, said.String())
		}
		if p.Name == "tool-work.1" && !strings.Contains(strings.Join(strings.Fields(shown.String()), " "), `C:\dir and <name>. .dot begins this line. 'quote begins`) {
			t.Errorf("%s: shown as\n%s", p.Name, shown.String())
		}
	}
}

func TestMarkdown(t *testing.T) {
	const want = "\n## tool group leaf\n\nDo a leaf.\n\n```\ntool group leaf\n```\n" +
		"\n## tool work\n\nWork on a path.\n\n```\ntool work [flags] path...\n```\n" +
		"\nwork takes C:\\dir and &lt;name&gt;. .dot begins this line. 'quote begins this one.\n" +
		"\nFor example:\n\n```\ntool work -o out a-b\n```\n" +
		"\n| flag | value | effect |\n|---|---|---|\n" +
		"| `--kept` | word | a word (default a) |\n" +
		"| `-o`, `--out` | file | write to a file \\| a pipe |\n" +
		"| `--quiet` |  | say nothing |\n" +
		"| `--top` | N | list N of \\*.cf (default 10) |\n"
	if got := Markdown(tool(), 2); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
