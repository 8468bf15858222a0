package page

import (
	"regexp"
	"strings"
)

// A piece is a part of a text. A flag must not be broken over two lines.
type piece struct {
	Text string
	Flag bool
}

// flag is a flag of a command, with a bracket before it and the punctuation behind it.
var flag = regexp.MustCompile(`\(?--[a-z][a-z-]{0,30}[).,;:]*`)

// pieces splits a text at its flags.
func pieces(text string) (list []piece) {
	at := 0
	for _, m := range flag.FindAllStringIndex(text, -1) {
		if m[0] > at {
			list = append(list, piece{Text: text[at:m[0]]})
		}
		list = append(list, piece{text[m[0]:m[1]], true})
		at = m[1]
	}
	if at < len(text) {
		list = append(list, piece{Text: text[at:]})
	}
	return list
}

// parts splits a path where a line may break: behind a separator, and behind an underscore.
func parts(path string) []string {
	var list []string
	for {
		i := strings.IndexAny(path, `/\_`)
		if i < 0 || i == len(path)-1 {
			return append(list, path)
		}
		list, path = append(list, path[:i+1]), path[i+1:]
	}
}
