package view

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
)

var (
	//go:embed page/model.js
	modelScript string
	//go:embed page/graph.js
	graphScript string
	//go:embed page/ui.js
	uiScript string
	//go:embed page/start.js
	startScript string
	//go:embed page/page.css
	style string
	//go:embed page/page.html
	pageText string

	page = template.Must(template.New("page").Parse(pageText))
)

// Script returns the script that draws a page, without the part that starts it.
func Script() string { return modelScript + graphScript + uiScript }

// Style returns the style sheet of a page.
func Style() string { return style }

// Policy returns a Content-Security-Policy that lets a page run one script and use one style sheet,
// by their digests, and load nothing. Further are sources of scripts beside the digest, each with a
// space behind it.
func Policy(further, script, style string) string {
	return "default-src 'none'; script-src " + further + source(script) + "; style-src " + source(style) + "; base-uri 'none'; form-action 'none'"
}

// source returns the digest of a text in the form that a policy has.
func source(text string) string {
	digest := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}

// PagePolicy returns the policy of the pages that Write writes.
func PagePolicy() string { return Policy("", pageScript(), style) }

func pageScript() string { return `"use strict";(() => {` + "\n" + Script() + startScript + "})();\n" }

type pageFile struct {
	ID       string
	Document template.JS
	Bytes    template.JS
}

// Write writes a page that shows one file, or two files side by side with their difference. The
// same files and reports give the same bytes. The page needs no other file.
func Write(w io.Writer, files []File, defs *sensor.Definitions) error {
	var names []string
	var shown []pageFile
	documents := make([]*Document, len(files))
	for i, f := range files {
		if len(f.Data) > MaxSize {
			return fmt.Errorf("%s: 0x%X (%d) bytes, more than a page can show (at most %d)", f.Name, len(f.Data), len(f.Data), MaxSize)
		}
		documents[i] = DocumentOf(f, defs)
		names = append(names, documents[i].Name)
	}
	if len(files) == 2 {
		Compare(documents[0], files[0].Data, files[1].Data, defs)
	}
	for i, d := range documents {
		text, err := d.JSON()
		if err != nil {
			return err
		}
		packed, err := pack(files[i].Data)
		if err != nil {
			return err
		}
		// Both texts are safe in a script element: neither has a "<". json.Marshal escapes it, and
		// base64 does not use it.
		shown = append(shown, pageFile{fmt.Sprintf("bytes%d", i), template.JS(text), template.JS(packed)})
	}
	return page.Execute(w, struct {
		Title  string
		Policy string
		Style  template.CSS
		Script template.JS
		Files  []pageFile
	}{report.Clean(strings.Join(names, " and ")), PagePolicy(), template.CSS(style), template.JS(pageScript()), shown})
}

// pack returns bytes as base64 of gzip.
func pack(data []byte) (string, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
