package lsp

import "encoding/json"

// The types of the Language Server Protocol 3.17 that the server uses, with the fields that it
// reads or writes.

// A Position is a place in a document. Line and Character count from 0. Character counts UTF-16
// units, or bytes if the client and the server agreed on utf-8.
type Position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// A Range is a part of a document. End is the place behind it.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

type initializeParams struct {
	ProcessID        *int              `json:"processId"`
	RootURI          string            `json:"rootUri"`
	RootPath         string            `json:"rootPath"`
	WorkspaceFolders []workspaceFolder `json:"workspaceFolders"`
	Options          json.RawMessage   `json:"initializationOptions"`
	Capabilities     struct {
		General struct {
			PositionEncodings []string `json:"positionEncodings"`
		} `json:"general"`
		Workspace struct {
			DidChangeWatchedFiles struct {
				DynamicRegistration bool `json:"dynamicRegistration"`
			} `json:"didChangeWatchedFiles"`
		} `json:"workspace"`
		TextDocument struct {
			DocumentSymbol struct {
				Hierarchical bool `json:"hierarchicalDocumentSymbolSupport"`
			} `json:"documentSymbol"`
			Completion struct {
				Item struct {
					LabelDetails bool `json:"labelDetailsSupport"`
				} `json:"completionItem"`
			} `json:"completion"`
		} `json:"textDocument"`
	} `json:"capabilities"`
}

type workspaceFolder struct {
	URI string `json:"uri"`
}

type documentID struct {
	URI     string `json:"uri"`
	Version int32  `json:"version"`
}

type contentChange struct {
	Range *Range `json:"range"` // nil means the whole document
	Text  string `json:"text"`
}

type positionParams struct {
	TextDocument documentID `json:"textDocument"`
	Position     Position   `json:"position"`
}

// The severities of a diagnostic.
const (
	severityError       = 1
	severityWarning     = 2
	severityInformation = 3
)

type diagnostic struct {
	Range           Range            `json:"range"`
	Severity        int              `json:"severity"`
	Code            any              `json:"code,omitempty"` // others send numbers too
	CodeDescription *codeDescription `json:"codeDescription,omitempty"`
	Source          string           `json:"source"`
	Message         string           `json:"message"`
}

type codeDescription struct {
	Href string `json:"href"`
}

type publishParams struct {
	URI         string       `json:"uri"`
	Version     *int32       `json:"version,omitempty"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

// The kinds of completions that the server uses.
const (
	kindField      = 5
	kindKeyword    = 14
	kindProperty   = 10
	kindValue      = 12
	kindEnumMember = 20
)

type completionItem struct {
	Label         string        `json:"label"`
	LabelDetails  *labelDetails `json:"labelDetails,omitempty"` // shown for all items
	Kind          int           `json:"kind"`
	Detail        string        `json:"detail,omitempty"` // often shown for one item only
	Documentation *markup       `json:"documentation,omitempty"`
	SortText      string        `json:"sortText,omitempty"`
	FilterText    string        `json:"filterText,omitempty"`
	TextEdit      *textEdit     `json:"textEdit,omitempty"`

	short string // Detail in less space; "" means Detail
}

type labelDetails struct {
	Description string `json:"description"`
}

type completionList struct {
	IsIncomplete bool             `json:"isIncomplete"`
	Items        []completionItem `json:"items"`
}

type markup struct {
	Kind  string `json:"kind"` // "markdown"
	Value string `json:"value"`
}

type hover struct {
	Contents markup `json:"contents"`
	Range    Range  `json:"range"`
}

type textEdit struct {
	Range   Range  `json:"range"`
	NewText string `json:"newText"`
}

type codeAction struct {
	Title       string        `json:"title"`
	Kind        string        `json:"kind"`
	Diagnostics []diagnostic  `json:"diagnostics,omitempty"`
	IsPreferred bool          `json:"isPreferred,omitempty"`
	Edit        workspaceEdit `json:"edit"`
}

type workspaceEdit struct {
	Changes map[string][]textEdit `json:"changes"`
}

// The kinds of symbols that the server uses.
const (
	symbolClass    = 5
	symbolProperty = 7
	symbolField    = 8
	symbolEvent    = 24
	symbolOperator = 25
)

type documentSymbol struct {
	Name           string            `json:"name"`
	Detail         string            `json:"detail,omitempty"`
	Kind           int               `json:"kind"`
	Range          Range             `json:"range"`
	SelectionRange Range             `json:"selectionRange"`
	Children       []*documentSymbol `json:"children,omitempty"`
}
