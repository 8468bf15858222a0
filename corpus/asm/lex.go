package asm

import (
	"fmt"
	"strconv"
	"strings"
)

type tokenKind uint8

const (
	word   tokenKind = iota // a name, a path, a number or hex digits
	quoted                  // a string, already unquoted
	uuid                    // in its usual form
	sign                    // punctuation
)

// A token is one word of a line.
type token struct {
	kind tokenKind
	text string
}

func (t token) is(s string) bool { return t.kind != quoted && t.text == s }

func (t token) String() string {
	if t.kind == quoted {
		return strconv.Quote(t.text)
	}
	return t.text
}

// signs lists the punctuation, longer signs first.
var signs = []string{"..", "^=", "(", ")", ",", ":", "=", "+", "-", "*", "/", "%"}

// lex splits one line into tokens. A comment ends the line.
func lex(line string) ([]token, error) {
	var out []token
next:
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" || line[0] == '#' {
			return out, nil
		}
		if line[0] == '"' || line[0] == '`' {
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("string without an end, or with an unknown escape: %s", line)
			}
			s, err := strconv.Unquote(q)
			if err != nil {
				return nil, fmt.Errorf("string %s: %w", q, err)
			}
			out = append(out, token{quoted, s})
			line = line[len(q):]
			continue
		}
		if len(line) >= 36 && isUUID(line[:36]) {
			out = append(out, token{uuid, line[:36]})
			line = line[36:]
			continue
		}
		for _, s := range signs {
			if strings.HasPrefix(line, s) {
				out = append(out, token{sign, s})
				line = line[len(s):]
				continue next
			}
		}
		n := 0
		for n < len(line) && (isWordByte(line[n]) || line[n] == '.' && n+1 < len(line) && isWordByte(line[n+1])) {
			n++
		}
		if n == 0 {
			return nil, fmt.Errorf("unknown character %q", line[0])
		}
		out = append(out, token{word, line[:n]})
		line = line[n:]
	}
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isHexByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isUUID(s string) bool {
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHexByte(s[i]) {
				return false
			}
		}
	}
	return true
}

// substitute replaces each parameter by its argument. It puts arguments of several
// tokens in parentheses, so that they stay one operand.
func substitute(body []token, params []string, args [][]token) []token {
	var out []token
	for _, t := range body {
		i := -1
		if t.kind == word {
			for k, p := range params {
				if p == t.text {
					i = k
				}
			}
		}
		switch {
		case i < 0:
			out = append(out, t)
		case len(args[i]) == 1:
			out = append(out, args[i][0])
		default:
			out = append(out, token{sign, "("})
			out = append(out, args[i]...)
			out = append(out, token{sign, ")"})
		}
	}
	return out
}
