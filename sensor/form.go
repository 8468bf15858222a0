package sensor

import (
	"regexp"
	"strings"
	"sync"
)

// A Form is the way in which the source of a feed writes every value of a field. The zero value
// states nothing.
//
// A rule that compares the field with a value in another form never holds for events of the feed.
// The Security log writes the process 420 as 0x1a4, so ProcessId: 420 finds nothing there.
type Form uint8

// The forms. A form is a set of texts. It has all values that the source writes, also those for
// unusual processes and accounts, and as few others as possible.
const (
	FormAny         Form = iota // no form is stated
	FormDecimal                 // digits
	FormHexadecimal             // digits after 0x
	FormBoolean                 // true or false, in any case
	FormMessage                 // the number of a text of Windows, after %%
	FormGUID                    // a GUID in braces
	FormSID                     // a security identifier
	FormAddress                 // an IPv4 or IPv6 address, without a port
	FormDevicePath              // a path that begins with \device\, or a name without a path
	FormName                    // a text without a backslash, such as an account without its domain
	FormWord                    // a text without backslashes and digits
	FormUser                    // domain\account, a security identifier, "-", or the empty text
	FormAccount                 // domain\account, or a security identifier
	FormHashes                  // algorithm=digits, joined by commas; "-", "?" or "Unknown"
)

// A formFacts has the properties of a form.
type formFacts struct {
	name       string // in documents
	text       string // for messages
	example    string
	expression string
}

var forms = [...]formFacts{
	FormAny:         {"any", "any text", "", `(?s).*`},
	FormDecimal:     {"decimal", "a decimal number", "420", `[0-9]+`},
	FormHexadecimal: {"hexadecimal", "a hexadecimal number", "0x1a4", `0[xX][0-9A-Fa-f]+`},
	FormBoolean:     {"boolean", "true or false", "true", `(?i)true|false`},
	FormMessage:     {"message", "the number of a message", "%%14592", `%%[0-9]+`},
	FormGUID: {"guid", "a GUID in braces", "{590b1ef4-6143-4c18-b554-1e10d4f1f1f1}",
		`\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}`},
	FormSID:     {"sid", "a security identifier", "S-1-5-18", formSID},
	FormAddress: {"address", "an IP address", "192.0.2.1", `[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%[0-9A-Za-z]+)?`},
	// A path has no drive. The exception is a folder that VirtualBox shares, as in
	// \device\vboxminirdr\;z:\vboxsvr\share. A name after a colon is a stream.
	FormDevicePath: {"device-path", "a path of the device", `\device\harddiskvolume2\windows\system32\svchost.exe`,
		`(?is)\\device\\(?:[^:]|:+(?:[^\\:]|\\vbox))*:*|[^\\:]*`},
	FormName:    {"name", "a name without a backslash", "anna", `[^\\]*`},
	FormWord:    {"word", "a word", "High", `[^\\0-9]*`},
	FormUser:    {"user", "an account with its domain", `NT AUTHORITY\SYSTEM`, formAccount + `|-|`},
	FormAccount: {"account", "a security identifier, or an account with its domain", "S-1-16-12288", formAccount},
	FormHashes: {"hashes", "hashes with their algorithms", "MD5=D41D8CD98F00B204E9800998ECF8427E",
		hashList(`[0-9A-Za-z]+`)},
}

// hashList returns an expression for lists of hashes whose names match an expression.
func hashList(name string) string {
	return name + `=[0-9A-Fa-f]*(?:,` + name + `=[0-9A-Fa-f]*)*|-|\?|(?i:unknown)|`
}

// HashesExpression is [Form.Expression] of FormHashes for lists with the hashes of some algorithms
// alone. There must be at least one.
func HashesExpression(algorithms []string) string {
	var names []string
	for _, name := range algorithms {
		names = append(names, regexp.QuoteMeta(name))
	}
	return `^(?:` + hashList(`(?i:`+strings.Join(names, "|")+`)`) + `)$`
}

const (
	formSID     = `S-1-[0-9]+(?:-[0-9]+)*`
	formAccount = formSID + `|(?s:[^\\]+\\.*)`
)

// formNames are the names of the forms in documents, in the order of the constants.
var formNames = func() []string {
	names := make([]string, len(forms))
	for i := range forms {
		names[i] = forms[i].name
	}
	return names
}()

// FormNames returns the names of the forms in documents, in the order of the constants.
func FormNames() []string { return append([]string(nil), formNames...) }

// String returns the name of the form in documents.
func (f Form) String() string { return nameOf("form", formNames, int(f)) }

// Text describes a value of the form for a message.
func (f Form) Text() string { return f.known().text }

// Example returns a value of the form, or "" for FormAny.
func (f Form) Example() string { return f.known().example }

// Expression returns a regular expression that matches exactly the values of the form. Function
// CompileRegexp of package channelfile compiles it.
func (f Form) Expression() string { return `^(?:` + f.known().expression + `)$` }

// Has reports whether a text is a value of the form.
func (f Form) Has(text string) bool {
	if f = f.stated(); f == FormAny {
		return true
	}
	return formPatterns[f]().MatchString(text)
}

// formPatterns compile the expressions of the forms at first use.
var formPatterns = func() (list [len(forms)]func() *regexp.Regexp) {
	for f := range list {
		list[f] = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(Form(f).Expression()) })
	}
	return list
}()

// known returns the properties of the form.
func (f Form) known() *formFacts { return &forms[f.stated()] }

// stated returns the form, or FormAny for a number that is not a form.
func (f Form) stated() Form {
	if int(f) >= len(forms) {
		return FormAny
	}
	return f
}
