package playground

import (
	_ "embed" // the page
	"encoding/json"
	"html/template"
	"io"

	"github.com/cfcheck/cfcheck/internal/view"
)

var (
	//go:embed page/index.html
	indexText string
	//go:embed page/playground.js
	script string
	//go:embed page/worker.js
	worker string
	//go:embed page/playground.css
	style string

	index = template.Must(template.New("index").Parse(indexText))
)

// WritePage writes the page of the playground. Support is the script that Go has for its
// WebAssembly, wasm_exec.js. The page loads cfcheck.wasm from its own folder and nothing else. The
// script of its worker is a text in its own script, so the policy of the page counts for both.
func WritePage(w io.Writer, support string) error {
	text, err := json.Marshal(`"use strict";` + "\n" + support + worker)
	if err != nil {
		return err
	}
	all := `"use strict";(() => {` + "\nconst workerScript = " + string(text) + ";\n" + view.Script() + script + "})();\n"
	sheet := view.Style() + style
	return index.Execute(w, struct {
		Policy string
		Style  template.CSS
		Script template.JS
	}{
		view.Policy("'wasm-unsafe-eval' ", all, sheet) + "; connect-src 'self'; img-src data:; worker-src blob:",
		template.CSS(sheet), template.JS(all),
	})
}
