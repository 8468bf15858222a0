//go:build js && wasm

// Command playground is the gate as WebAssembly, for the page in docs/playground. It defines the
// function cfcheckJudge and then waits for calls. See package internal/playground/build.
package main

import (
	"encoding/json"
	"errors"
	"strings"
	"syscall/js"
	"time"

	"github.com/cfcheck/cfcheck/internal/playground"
)

func main() {
	js.Global().Set("cfcheckFleets", strings.Join(playground.Fleets(), "\n"))
	js.Global().Set("cfcheckJudge", js.FuncOf(func(_ js.Value, args []js.Value) any {
		answer, err := judge(args)
		if err != nil {
			return map[string]any{"error": err.Error()}
		}
		return answer
	}))
	select {}
}

// judge takes the name, the bytes, the name of a fleet, the bytes of a fleet, and whether to run
// the content. It returns the documents as JSON, the bytes of their files, and the problems.
func judge(args []js.Value) (any, error) {
	if len(args) != 5 {
		return nil, errors.New("internal error: cfcheckJudge takes five arguments")
	}
	answer, err := playground.Judge(playground.Question{
		Name: args[0].String(), Data: bytesOf(args[1]), Fleet: args[2].String(), FleetJSON: bytesOf(args[3]), Behaviour: args[4].Bool(), Now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	var documents, files, problems []any
	for i, d := range answer.Documents {
		text, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		b := js.Global().Get("Uint8Array").New(len(answer.Data[i]))
		js.CopyBytesToJS(b, answer.Data[i])
		documents, files = append(documents, string(text)), append(files, b)
	}
	for _, p := range answer.Problems {
		problems = append(problems, p)
	}
	return map[string]any{"documents": documents, "files": files, "problems": problems}, nil
}

func bytesOf(v js.Value) []byte {
	b := make([]byte, v.Length())
	js.CopyBytesToGo(b, v)
	return b
}
