//go:build js && wasm

// Command playground is the gate as WebAssembly, for the page in docs/playground. It runs in a
// worker of that page. It defines the function cfcheckJudge and then waits for calls. See package
// internal/playground/build.
package main

import (
	"encoding/json"
	"errors"
	"runtime/debug"
	"strings"
	"syscall/js"
	"time"

	"github.com/cfcheck/cfcheck/internal/playground"
)

func main() {
	// The worker has one thread, so each collection stops the gate. Memory up to the limit costs
	// less time than collections.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(1 << 30)
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

// judge takes an object with the fields of a question, and a function that gets the progress. It
// returns the documents as JSON, the bytes of their files, and the problems.
func judge(args []js.Value) (any, error) {
	if len(args) != 2 {
		return nil, errors.New("internal error: cfcheckJudge takes two arguments")
	}
	q := args[0]
	answer, err := playground.Judge(playground.Question{
		Name: q.Get("name").String(), Data: bytesOf(q.Get("bytes")), SHA256: q.Get("sha256").String(), Fleet: q.Get("fleet").String(), FleetJSON: bytesOf(q.Get("fleetJSON")),
		Behaviour: q.Get("behaviour").Bool(), Now: time.Now(),
		Progress: func(step string, done, all int) { args[1].Invoke(step, done, all) },
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
