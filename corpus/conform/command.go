package conform

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Placeholder stands for the name of the file in a command.
const Placeholder = "{}"

// maxOutput is the number of bytes of a reader's output that are kept.
const maxOutput = 64 << 10

// Command returns a function for [Run] that starts a command for each file. Each argument
// that contains {} gets the name of the file below folder in its place; [Write] puts the
// files there. A command that does not end in time is killed.
func Command(args []string, folder string, timeout time.Duration) (func(*File) Reply, error) {
	if len(args) == 0 {
		return nil, errors.New("found no command; expected the command of a reader, such as my-reader {}")
	}
	if !strings.Contains(strings.Join(args[1:], "\x00"), Placeholder) {
		return nil, fmt.Errorf("found no %s in the arguments of the command; it stands for the name of the file, as in %s %s", Placeholder, args[0], Placeholder)
	}
	program, err := exec.LookPath(args[0])
	if err != nil {
		return nil, err
	}
	return func(f *File) Reply {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		name := filepath.Join(folder, filepath.FromSlash(f.Path))
		own := make([]string, 0, len(args))
		for _, arg := range args[1:] {
			own = append(own, strings.ReplaceAll(arg, Placeholder, name))
		}
		out := &limited{room: maxOutput}
		cmd := exec.CommandContext(ctx, program, own...)
		cmd.Stdout, cmd.Stderr = out, out
		cmd.WaitDelay = time.Second // a child of the command may keep the pipe open
		err := cmd.Run()
		if ctx.Err() != nil {
			return Reply{Answer: Failed, Reason: fmt.Sprintf("no answer within %v", timeout), Output: firstLine(out.data)}
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
			return Reply{Answer: Failed, Reason: exit.String(), Output: firstLine(out.data)}
		} else if err != nil && !ok && !errors.Is(err, exec.ErrWaitDelay) {
			return Reply{Answer: Failed, Reason: err.Error()}
		}
		return ReplyOf(cmd.ProcessState.ExitCode(), out.data)
	}, nil
}

// limited keeps the first bytes that are written to it.
type limited struct {
	data []byte
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	l.data = append(l.data, p[:min(len(p), l.room-len(l.data))]...)
	return len(p), nil
}
