package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var text string

//go:embed page.css
var style string

//go:embed script
var scripts embed.FS

// script is the only script of the page: its parts, in one function.
var script = func() string {
	var b strings.Builder
	b.WriteString("(() => {\n'use strict';\n")
	for _, name := range []string{"base", "links", "places", "matrix", "detail", "grid", "start"} {
		part, err := scripts.ReadFile("script/" + name + ".js")
		if err != nil {
			panic("internal error: " + err.Error())
		}
		b.Write(part)
	}
	b.WriteString("})();\n")
	return b.String()
}()

var page = template.Must(template.New("page").Funcs(template.FuncMap{"pieces": pieces, "parts": parts}).Parse(text))

// policy returns the Content-Security-Policy of the page.
func policy() string {
	return "default-src 'none'; script-src '" + digest(script) + "'; style-src '" + digest(style) + "'; base-uri 'none'; form-action 'none'"
}

// digest returns the digest of a script or a style as a source of a policy.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Write writes a page.
func Write(w io.Writer, r *Report) error {
	matrix, err := matrixJSON(r.Fleets)
	if err != nil {
		return err
	}
	places, err := placesJSON(r)
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{
		"R": r, "States": States, "Policy": policy(), "Style": template.CSS(style), "Script": template.JS(script),
		"Matrix": template.JS(matrix), "Places": template.JS(places),
	})
}

// placesJSON returns the places that the script adds, by the IDs of their causes.
func placesJSON(r *Report) ([]byte, error) {
	rest := map[string][]Place{}
	var matches []Section
	if r.Matches != nil {
		matches = []Section{*r.Matches}
	}
	for _, list := range [][]Section{r.Blocks, matches, r.Warnings, r.Others} {
		for i := range list {
			for k := range list[i].Causes {
				if c := &list[i].Causes[k]; len(c.Rest) > 0 {
					rest[c.ID] = c.Rest
				}
			}
		}
	}
	return json.Marshal(rest)
}
