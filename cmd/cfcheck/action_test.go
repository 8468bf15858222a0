package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// actionTools are the programs that the scripts of the action call.
var actionTools = []string{"bash", "git", "curl", "jq"}

// An actionFile is the part of action.yml that the runner of the tests knows.
type actionFile struct {
	Inputs  map[string]struct{ Default string }
	Outputs map[string]struct{ Value string }
	Runs    struct{ Steps []actionStep }
}

type actionStep struct {
	ID, Name, If, Uses, Shell, Run string
	Env, With                      map[string]string
}

// A github is the part of GitHub that the action needs: a repository with a pull request, the
// comments on it, and the releases of cfcheck.
type github struct {
	t      *testing.T
	dir    string // of the repository, which is bare
	url    string
	tools  string // a folder with the command go
	action actionFile
	// backend serves the repository to git.
	backend *cgi.Handler

	mu       sync.Mutex
	comments []comment
	archive  []byte // of the release
	user     string // the login of the owner of the token; "" means the token of a job, which may not ask
	status   int    // of every answer about comments, instead of an answer
	noPatch  bool   // a comment is removed as soon as it was listed
	requests []string
}

type comment struct {
	ID   int    `json:"id"`
	Body string `json:"body"`
	User struct {
		Login string `json:"login"`
		Type  string `json:"type"`
	} `json:"user"`
}

// newGitHub makes a repository with one commit, of the given files.
func newGitHub(t *testing.T, files map[string]string) *github {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the runner of this test starts shebang scripts")
	}
	for _, tool := range actionTools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the action needs %s: %v", tool, err)
		}
	}
	g := &github{t: t, dir: filepath.Join(t.TempDir(), "repository"), tools: t.TempDir()}
	data, err := os.ReadFile(filepath.Join(root, "action.yml"))
	if err == nil {
		err = yaml.Unmarshal(data, &g.action)
	}
	if err != nil {
		t.Fatal(err)
	}
	g.backend = &cgi.Handler{
		Path: filepath.Join(git(t, ".", "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(g.dir), "GIT_HTTP_EXPORT_ALL=1"},
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.url = server.URL
	if err := os.Mkdir(g.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	git(t, g.dir, "init", "-q", "-b", "main")
	git(t, g.dir, "config", "uploadpack.allowAnySHA1InWant", "true") // as on GitHub
	g.commit(files, nil)
	g.installGo()
	return g
}

// installGo makes a command go that installs this test binary, which runs as cfcheck under that
// name. With -long, the action builds cfcheck by the real command.
func (g *github) installGo() {
	if longtest.Enabled() {
		return
	}
	self, err := os.Executable()
	if err != nil {
		g.t.Fatal(err)
	}
	script := fmt.Sprintf("#!/usr/bin/env bash\n[ \"$*\" = \"-C %s install -trimpath -buildvcs=false ./cmd/cfcheck\" ] || exit 9\nln -s %q \"$GOBIN/cfcheck\"\n", root, self)
	if err := os.WriteFile(filepath.Join(g.tools, "go"), []byte(script), 0o777); err != nil {
		g.t.Fatal(err)
	}
}

// cfcheck puts the command into the folder of tools.
func (g *github) cfcheck() {
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(g.tools, "cfcheck"))
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit changes files in the work tree, removes others, and commits the result.
func (g *github) commit(files map[string]string, removed []string) {
	g.t.Helper()
	for name, text := range files {
		name = filepath.Join(g.dir, name)
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = os.WriteFile(name, []byte(text), 0o666)
		}
		if err != nil {
			g.t.Fatal(err)
		}
	}
	for _, name := range removed {
		if err := os.Remove(filepath.Join(g.dir, name)); err != nil {
			g.t.Fatal(err)
		}
	}
	git(g.t, g.dir, "add", "-A")
	git(g.t, g.dir, "commit", "-q", "-m", "a commit")
}

// A pullRequest is what the event of a run says.
type pullRequest struct {
	base, merge string // commits
	fork        bool
	shallow     bool // the checkout has one commit
	private     bool // only the token may fetch
	actor       string
}

// pull returns the event of a pull request of a branch, as the runs on it see it.
func (g *github) pull(branch string) pullRequest {
	g.t.Helper()
	git(g.t, g.dir, "checkout", "-q", "--detach", "main")
	git(g.t, g.dir, "merge", "-q", "--no-ff", "-m", "merge", branch)
	p := pullRequest{base: git(g.t, g.dir, "rev-parse", "main"), merge: git(g.t, g.dir, "rev-parse", "HEAD"), shallow: true}
	git(g.t, g.dir, "update-ref", "refs/pull/7/merge", p.merge)
	git(g.t, g.dir, "checkout", "-q", branch)
	return p
}

// An actionRun is the outcome of a run of the action.
type actionRun struct {
	log     string            // standard output and error of all steps
	outputs map[string]string // of the action
	summary string
	failed  string // the step that failed, or ""
	used    []string
	work    string // the work tree
}

// run runs the action on a pull request, as GitHub's runner does: in a clone of the merge.
func (g *github) run(p pullRequest, with map[string]string) *actionRun {
	t := g.t
	t.Helper()
	temp := t.TempDir()
	r := &actionRun{outputs: map[string]string{}, work: filepath.Join(temp, "work")}
	if err := os.Mkdir(r.work, 0o777); err != nil {
		t.Fatal(err)
	}
	git(t, r.work, "init", "-q")
	git(t, r.work, "remote", "add", "origin", "file://"+g.dir)
	depth := "--depth=2147483647"
	if p.shallow {
		depth = "--depth=1"
	}
	git(t, r.work, "fetch", "-q", depth, "origin", p.merge)
	git(t, r.work, "checkout", "-q", p.merge)
	if p.private {
		git(t, r.work, "remote", "set-url", "origin", g.url+"/"+filepath.Base(g.dir)+"/.git")
	}

	inputs := map[string]string{}
	for name, in := range g.action.Inputs {
		inputs["inputs."+name] = strings.ReplaceAll(in.Default, "${{ github.token }}", "the-token")
	}
	for name, value := range with {
		if _, ok := inputs["inputs."+name]; !ok {
			t.Fatalf("the action has no input %q", name)
		}
		inputs["inputs."+name] = value
	}
	head := "owner/rules"
	if p.fork {
		head = "somebody/rules"
	}
	inputs["github.event.pull_request.base.sha"] = p.base
	inputs["github.event.pull_request.number"] = "7"
	inputs["github.event.pull_request.head.repo.full_name"] = head
	inputs["github.event.merge_group.base_sha"] = ""
	output, summary, runnerTemp := filepath.Join(temp, "output"), filepath.Join(temp, "summary"), filepath.Join(temp, "runner")
	if err := os.Mkdir(runnerTemp, 0o777); err != nil {
		t.Fatal(err)
	}
	environment := []string{
		"PATH=" + g.tools + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + cmp.Or(map[bool]string{true: os.Getenv("HOME")}[longtest.Enabled()], temp),
		"GIT_CONFIG_NOSYSTEM=1", "RUNNER_TEMP=" + runnerTemp, "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "CFCHECK_RELEASES=" + g.url + "/releases",
		"GITHUB_ACTION_PATH=" + root, "GITHUB_SERVER_URL=" + g.url, "GITHUB_API_URL=" + g.url + "/api", "GITHUB_REPOSITORY=owner/rules",
		"GITHUB_EVENT_NAME=pull_request", "GITHUB_REF=refs/pull/7/merge", "GITHUB_SHA=" + p.merge, "GITHUB_RUN_ID=4711", "GITHUB_ACTOR=" + p.actor,
		"GITHUB_HEAD_REF=x$(touch pwned)", "GITHUB_OUTPUT=" + output, "GITHUB_STEP_SUMMARY=" + summary,
	}
	var log bytes.Buffer
	for _, step := range g.action.Runs.Steps {
		always, applies := g.condition(step.If, inputs)
		if !applies || r.failed != "" && !always {
			continue
		}
		if step.Uses != "" {
			r.used = append(r.used, step.Uses)
			continue
		}
		if step.Shell != "bash" {
			t.Fatalf("step %q has the shell %q", step.Name, step.Shell)
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %q has an expression in its script, where a value could be a piece of the script", step.Name)
		}
		cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.Run)
		cmd.Dir, cmd.Stdout, cmd.Stderr = r.work, &log, &log
		cmd.Env = slices.Clone(environment)
		for name, value := range step.Env {
			cmd.Env = append(cmd.Env, name+"="+g.expand(value, inputs))
		}
		if err := os.WriteFile(output, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			r.failed = cmp.Or(r.failed, fmt.Sprintf("%s: %d", step.Name, exit.ExitCode()))
		} else if err != nil {
			t.Fatal(err)
		}
		lines, err := os.ReadFile(output)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(lines)) {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			if !ok {
				t.Errorf("step %q has the output %q", step.Name, line)
			}
			inputs["steps."+step.ID+".outputs."+name] = value
		}
	}
	for name, out := range g.action.Outputs {
		r.outputs[name] = g.expand(out.Value, inputs)
	}
	r.log = log.String()
	if data, err := os.ReadFile(summary); err == nil {
		r.summary = string(data)
	}
	if p, err := filepath.Glob(filepath.Join(r.work, "pwned*")); err != nil || p != nil {
		t.Errorf("a value was run as a script: it made %v", p)
	}
	return r
}

var expression = regexp.MustCompile(`\$\{\{ ([\w.-]+) \}\}`)

// expand puts values in place of expressions, which are names of values alone.
func (g *github) expand(text string, values map[string]string) string {
	out := expression.ReplaceAllStringFunc(text, func(s string) string { return g.value(s[4:len(s)-3], values) })
	if strings.Contains(expression.ReplaceAllString(text, ""), "${{") {
		g.t.Errorf("%q has an expression that is not the name of a value", text)
	}
	return out
}

func (g *github) value(name string, values map[string]string) string {
	value, ok := values[name]
	if !ok && !regexp.MustCompile(`^steps\.(install|check)\.outputs\.`).MatchString(name) {
		g.t.Errorf("the action reads %q, which GitHub does not have", name)
	}
	return value
}

// condition evaluates the condition of a step: comparisons with a text, joined by &&.
func (g *github) condition(text string, values map[string]string) (always, applies bool) {
	if text == "" || text == "always()" {
		return text != "", true
	}
	for part := range strings.SplitSeq(text, " && ") {
		m := regexp.MustCompile(`^([\w.-]+) (==|!=) '([^']*)'$`).FindStringSubmatch(part)
		if m == nil {
			g.t.Fatalf("the condition %q is not understood", part)
		}
		if (g.value(m[1], values) == m[3]) != (m[2] == "==") {
			return false, false
		}
	}
	return false, true
}

// ServeHTTP answers as the API of GitHub does to the token of a job.
func (g *github) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r.Method+" "+r.URL.Path)
	if strings.HasPrefix(r.URL.Path, "/releases/") {
		if r.URL.Path != "/releases/v0.1.0/cfcheck_0.1.0_linux_amd64.tar.gz" {
			w.WriteHeader(http.StatusNotFound)
		}
		w.Write(g.archive)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/"+filepath.Base(g.dir)+"/") {
		if user, token, _ := r.BasicAuth(); user != "x-access-token" || token != "the-token" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		g.backend.ServeHTTP(w, r)
		return
	}
	answer := func(status int, v any) {
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(v); err != nil {
			g.t.Error(err)
		}
	}
	const comments = "/api/repos/owner/rules/issues/7/comments"
	var body struct{ Body string }
	if r.Method != http.MethodGet {
		data, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(data, &body)
		}
		if err != nil || body.Body == "" || len(body.Body) > 65536 {
			answer(http.StatusUnprocessableEntity, fmt.Sprint(err))
			return
		}
	}
	one, isOne := strings.CutPrefix(r.URL.Path, "/api/repos/owner/rules/issues/comments/")
	id, _ := strconv.Atoi(one)
	i := slices.IndexFunc(g.comments, func(c comment) bool { return c.ID == id })
	switch {
	case r.Header.Get("Authorization") != "Bearer the-token":
		answer(http.StatusUnauthorized, "no token")
	case r.URL.Path == "/api/user" && g.user != "":
		answer(http.StatusOK, map[string]string{"login": g.user})
	case r.URL.Path == "/api/user":
		answer(http.StatusForbidden, "Resource not accessible by integration")
	case g.status != 0:
		answer(g.status, "no")
	case r.Method == http.MethodGet && r.URL.Path == comments:
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		from := min(len(g.comments), 100*(page-1))
		answer(http.StatusOK, append([]comment{}, g.comments[from:min(len(g.comments), from+100)]...))
	case r.Method == http.MethodPost && r.URL.Path == comments:
		if g.user != "" {
			g.say(g.user, "User", body.Body)
		} else {
			g.say("github-actions[bot]", "Bot", body.Body)
		}
		answer(http.StatusCreated, struct{}{})
	case r.Method == http.MethodPatch && isOne && i >= 0 && !g.noPatch:
		g.comments[i].Body = body.Body
		answer(http.StatusOK, g.comments[i])
	default:
		answer(http.StatusNotFound, "no such page")
	}
}

// say adds a comment.
func (g *github) say(login, kind, body string) {
	c := comment{ID: 100 + len(g.comments), Body: body}
	c.User.Login, c.User.Type = login, kind
	g.comments = append(g.comments, c)
}

// annotations returns the commands of a log that the runner would obey, other than those for groups.
func (r *actionRun) annotations(t *testing.T) (list []string) {
	stopped := ""
	for line := range strings.Lines(r.log) {
		// The runner also takes commands behind blanks.
		line = strings.TrimSpace(line)
		token, stops := strings.CutPrefix(line, "::stop-commands::")
		switch {
		case stopped != "":
			if line == "::"+stopped+"::" {
				stopped = ""
			}
		case stops:
			stopped = token
		case strings.HasPrefix(line, "::group::"), line == "::endgroup::", strings.HasPrefix(line, "::add-mask::"):
		case strings.HasPrefix(line, "::"), strings.Contains(line, "##["):
			list = append(list, line)
		}
	}
	if stopped != "" {
		t.Error("the commands stay stopped")
	}
	return list
}

// A rule of the tests. On events of Sysmon 9 and of the Security log, OriginalFileName is missing.
func sigmaRule(title, id, criteria string) string {
	return "title: " + title + "\nid: 5a0c1d2e-0013-4000-8000-cfc0cfc0" + id +
		"\nlogsource: {category: process_creation, product: windows}\ndetection:\n  selection:\n" + criteria + "  condition: selection\n"
}

var (
	soundRule = sigmaRule("Sound", "0001", "    Image|endswith: '\\a.exe'\n")
	oldRule   = sigmaRule("Old", "0002", "    OriginalFileName: old.exe\n")
	newRule   = sigmaRule("New", "0003", "    Image|endswith: '\\new.exe'\n    OriginalFileName: new.exe\n")
)

// blind is how the annotation of newRule begins, on the line that reads the field.
const blind = "::warning file=rules/new.yml,line=7,endLine=7,col=5,endColumn=30,title=CF3012 rule-blind::rule "

// TestAction runs the steps of action.yml on pull requests, in clones as shallow as those of
// actions/checkout, against a server that answers as GitHub does.
func TestAction(t *testing.T) {
	t.Parallel()
	base := map[string]string{"rules/sound.yml": soundRule, "rules/old.yml": oldRule, "README.md": "# Rules\n"}

	t.Run("a comment is written once and updated", func(t *testing.T) {
		t.Parallel()
		g := newGitHub(t, base)
		with := map[string]string{"fleet": "reference", "fail-on": "warning", "new-only": "true", "comment": "true", "upload-sarif": "true"}
		git(t, g.dir, "checkout", "-q", "-b", "change")
		g.commit(map[string]string{"rules/new.yml": newRule}, nil)

		r := g.run(g.pull("change"), with)
		if r.failed != "Verdict: 1" || r.outputs["verdict"] != "rejected" || r.outputs["exit-code"] != "1" {
			t.Errorf("failed %q, outputs %v\n%s", r.failed, r.outputs, r.log)
		}
		if want := git(t, g.dir, "rev-parse", "main"); r.outputs["base"] != want {
			t.Errorf("compared with %q, want %s", r.outputs["base"], want)
		}
		if a := r.annotations(t); len(a) == 0 || !strings.HasPrefix(a[0], blind) {
			t.Errorf("want the line of the new fault first: %q", a)
		}
		if !strings.HasPrefix(r.summary, "## cfcheck: rejected\n") || !strings.Contains(r.summary, "`rules/new.yml:7:5`") {
			t.Errorf("summary:\n%s", r.summary)
		}
		var sarif struct {
			Runs []struct {
				Results []struct{ RuleID, BaselineState string }
			}
		}
		if data, err := os.ReadFile(r.outputs["sarif"]); err != nil || json.Unmarshal(data, &sarif) != nil || len(sarif.Runs) != 1 || len(sarif.Runs[0].Results) < 2 {
			t.Errorf("the SARIF report: %v, %+v", err, sarif)
		}
		for _, name := range []string{"json", "junit", "markdown", "text"} {
			if info, err := os.Stat(r.outputs[name]); err != nil || info.Size() == 0 {
				t.Errorf("the report %s: %v, %v", name, info, err)
			}
		}
		if len(r.used) != 2 || !strings.HasPrefix(r.used[1], "github/codeql-action/upload-sarif@") {
			t.Errorf("used %v", r.used)
		}
		if len(g.comments) != 1 || !strings.HasPrefix(g.comments[0].Body, "<!-- cfcheck ") || !strings.Contains(g.comments[0].Body, "## cfcheck: rejected") {
			t.Fatalf("comments: %+v", g.comments)
		}
		marker, _, _ := strings.Cut(g.comments[0].Body, "\n")

		// Somebody writes a comment with the marker, and many others follow before the next run.
		mine := g.comments[0]
		g.comments = nil
		g.say("mallory", "User", marker+"\nall is well")
		for range 150 {
			g.say("ann", "User", "a remark")
		}
		g.comments = append(g.comments, mine)
		g.comments[151].ID = 999
		g.commit(map[string]string{"rules/new.yml": sigmaRule("New", "0003", "    Image|endswith: '\\new.exe'\n")}, nil)
		r = g.run(g.pull("change"), with)
		if r.failed != "" || r.outputs["verdict"] != "accepted" {
			t.Errorf("failed %q, outputs %v\n%s", r.failed, r.outputs, r.log)
		}
		if len(g.comments) != 152 || g.comments[0].Body != marker+"\nall is well" || !strings.HasPrefix(g.comments[151].Body, marker+"\n## cfcheck: accepted\n") {
			t.Errorf("%d comments, last %+v", len(g.comments), g.comments[len(g.comments)-1])
		}
	})

	t.Run("the recipe of the documentation shows the line of the new fault", func(t *testing.T) {
		t.Parallel()
		steps := workflowOf(t, "docs/ci.md", "gate")
		g := newGitHub(t, base)
		g.cfcheck()
		for _, c := range recipeCommands(t) {
			if status, out := runScript(t, g.dir, g.tools, c); status != 0 {
				t.Fatalf("%s: exit status %d\n%s", c, status, out)
			}
		}
		g.commit(nil, nil) // fleet.json
		git(t, g.dir, "checkout", "-q", "-b", "change")
		g.commit(map[string]string{"rules/new.yml": newRule, "rules/first-of-its-type.yml": strings.Replace(sigmaRule("Pipe", "0020", "    PipeName: '\\b'\n"), "process_creation", "pipe_created", 1)}, nil)
		r := g.run(g.pull("change"), steps[1].With)
		if a := r.annotations(t); r.failed != "Verdict: 1" || len(a) != 1 || !strings.HasPrefix(a[0], blind) {
			t.Errorf("failed %q, annotations %q\n%s", r.failed, a, r.log)
		}
	})

	t.Run("a fork of a private repository gets annotations", func(t *testing.T) {
		t.Parallel()
		g := newGitHub(t, base)
		if _, err := os.Stat(g.backend.Path); err != nil {
			t.Skipf("git serves no repositories here: %v", err)
		}
		git(t, g.dir, "checkout", "-q", "-b", "change")
		g.commit(map[string]string{"rules/new.yml": newRule}, nil)
		// The base moves on; what it got is not new.
		git(t, g.dir, "checkout", "-q", "main")
		g.commit(map[string]string{"rules/other.yml": sigmaRule("Other", "0004", "    OriginalFileName: other.exe\n")}, nil)
		p := g.pull("change")
		p.base = git(t, g.dir, "rev-parse", "main~1")
		p.fork, p.private = true, true
		r := g.run(p, map[string]string{"fleet": "reference", "fail-on": "warning", "new-only": "true", "comment": "true", "upload-sarif": "true"})
		a := r.annotations(t)
		if r.failed != "Verdict: 1" || len(a) != 2 || !strings.HasPrefix(a[0], blind) {
			t.Errorf("failed %q, annotations %q\n%s", r.failed, a, r.log)
		}
		if !strings.HasPrefix(a[len(a)-1], "::notice title=cfcheck::no comment was written: the token of a pull request from a fork") {
			t.Errorf("want a notice: %q", a)
		}
		if !strings.Contains(r.summary, "; 2 old.") {
			t.Errorf("want the finding of the base as old:\n%s", r.summary)
		}
		if strings.Contains(strings.ReplaceAll(r.log, "::add-mask::"+basic("the-token"), ""), basic("the-token")) {
			t.Errorf("the log has the token of the job:\n%s", r.log)
		}
		if config, err := os.ReadFile(filepath.Join(r.work, ".git", "config")); err != nil || bytes.Contains(config, []byte("extraheader")) {
			t.Errorf("the token stays in the clone: %v\n%s", err, config)
		}
		asked := slices.ContainsFunc(g.requests, func(s string) bool { return !strings.Contains(s, "/.git/") })
		if len(g.requests) == 0 || asked || len(r.used) != 1 {
			t.Errorf("requests %v, used %v", g.requests, r.used)
		}
		// The same without a merge: the checkout is the head, and its history is whole or not.
		for _, shallow := range []bool{false, true} {
			p.merge, p.shallow = git(t, g.dir, "rev-parse", "change"), shallow
			p.base = git(t, g.dir, "rev-parse", "main")
			r = g.run(p, map[string]string{"fleet": "reference"})
			if want := git(t, g.dir, "merge-base", "main", "change"); r.outputs["base"] != want || r.failed != "" {
				t.Errorf("compared with %q, want %s; failed %q\n%s", r.outputs["base"], want, r.failed, r.log)
			}
		}
	})

	t.Run("a change cannot accept itself", func(t *testing.T) {
		t.Parallel()
		g := newGitHub(t, map[string]string{".cfcheck.yaml": "schema: cfcheck.policy/v0\nfleets: [reference]\nfail-on: warning\n", "README.md": "# Rules\n"})
		git(t, g.dir, "checkout", "-q", "-b", "change")
		g.commit(map[string]string{"rules/new.yml": newRule, ".cfcheck.yaml": "schema: cfcheck.policy/v0\nfleets: [reference]\n"}, nil)
		// The base has no rules, so nothing says that they are the folder that was meant.
		p := g.pull("change")
		r := g.run(p, nil)
		if a := r.annotations(t); r.failed != "Verdict: 2" || len(a) == 0 || !strings.Contains(a[0], "the revision has no such path") {
			t.Errorf("without rules in the base: failed %q, annotations %q", r.failed, a)
		}
		if r := g.run(p, map[string]string{"base": "none"}); r.failed != "" || r.outputs["base"] != "" {
			t.Errorf("compared with nothing: failed %q, outputs %v\n%s", r.failed, r.outputs, r.log)
		}
		// Now it has, and its policy applies.
		git(t, g.dir, "checkout", "-q", "main")
		g.commit(map[string]string{"rules/sound.yml": soundRule}, nil)
		r = g.run(g.pull("change"), map[string]string{"new-only": "true"})
		if a := r.annotations(t); r.failed != "Verdict: 1" || len(a) < 2 || !strings.Contains(strings.Join(a, "\n"), "file=.cfcheck.yaml,line=1,") || !strings.Contains(r.log, blind) {
			t.Errorf("failed %q, annotations %q", r.failed, a)
		}
	})

	t.Run("a configuration of Sysmon has findings on its lines", func(t *testing.T) {
		t.Parallel()
		read := func(name string) string {
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
		steps := workflowOf(t, "docs/sysmon.md", "sysmon")
		g := newGitHub(t, map[string]string{"sysmonconfig.xml": read("docs/examples/sysmon/shipped.xml"), "fleet.json": read("corpus/fleets/sysmon.json"), "rules/driver.yml": read("docs/examples/sysmon/driver.yml")})
		git(t, g.dir, "checkout", "-q", "-b", "change")
		g.commit(map[string]string{"sysmonconfig.xml": read("docs/examples/sysmon/candidate.xml")}, nil)
		r := g.run(g.pull("change"), steps[1].With)
		if a := r.annotations(t); r.failed != "Verdict: 1" || len(a) == 0 || !strings.HasPrefix(a[0], "::error file=sysmonconfig.xml,line=") {
			t.Errorf("failed %q, annotations %q\n%s", r.failed, a, r.log)
		}
	})

	t.Run("hostile names do nothing", func(t *testing.T) {
		t.Parallel()
		g := newGitHub(t, base)
		git(t, g.dir, "checkout", "-q", "-b", "change")
		bad := func(title, id string) string {
			return sigmaRule(strconv.Quote(title), id, "    Image|endswith: '\\new.exe'\n    OriginalFileName: new.exe\n")
		}
		g.commit(map[string]string{
			"rules/$(touch pwned1).yml":                  bad("$(touch pwned2) `touch pwned3` @everyone #1 ![x](https://example.com/x) <img src=x>", "0005"),
			"rules/a,line=1::forged.yml":                 bad("x\r\n::error file=forged::forged\n##[error]forged\n", "0006"),
			"rules/\n::error file=forged::forged\n.yml":  bad("::stop-commands::x", "0007"),
			"rules/--fleet=291.yml":                      bad("|a|b|%0A::error::forged", "0008"),
			"rules/\x1b[31m\u202ered.yml":                bad("\x1b[31m \u202e", "0009"),
			"rules/::add-mask::a.yml":                    bad("::set-output name=a::b", "0010"),
			"rules/${{ github.token }}.yml":              bad("${{ github.token }} $TOKEN", "0011"),
			"--no-policy":                                "",
			"rules/\n## cfcheck: accepted\n\nforged.yml": bad("-->", "0012"),
		}, nil)
		r := g.run(g.pull("change"), map[string]string{
			"fleet": "reference\n", "fail-on": "warning", "paths": "rules\r\n\n", "comment": "true",
			"name": "\"; touch pwned4; $(touch pwned5) -->", "arguments": "--max-findings\n50\n",
		})
		a := r.annotations(t)
		if r.failed != "Verdict: 1" || len(a) != 10 {
			t.Errorf("failed %q, %d annotations:\n%s\n%s", r.failed, len(a), strings.Join(a, "\n"), r.log)
		}
		for i, s := range a {
			if !regexp.MustCompile(`^::warning (file=rules/[^,:]*,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,)?title=CF\d{4} [a-z-]+( \(old\))?::`).MatchString(s) && i < 9 {
				t.Errorf("annotation %q", s)
			}
		}
		if strings.Contains(r.log, "\x1b") || strings.Contains(r.log, "\u202e") {
			t.Error("the log has control characters")
		}
		if len(g.comments) != 1 {
			t.Fatalf("comments %v; requests %v\n%s", g.comments, g.requests, r.log)
		}
		for what, text := range map[string]string{"summary": r.summary, "comment": g.comments[0].Body} {
			if strings.Count(text, "\n## ") != map[string]int{"summary": 0, "comment": 1}[what] || regexp.MustCompile(`[^\\]<img`).MatchString(text) || strings.Contains(text, "![x](") {
				t.Errorf("the %s was forged:\n%s", what, text)
			}
		}
		if body := g.comments[0].Body; regexp.MustCompile(`@everyone|#1\b`).MatchString(body) || strings.Count(body, "-->") != 1 {
			t.Errorf("the comment names people or has two markers:\n%s", body)
		}
	})

	t.Run("a run that cannot decide says why", func(t *testing.T) {
		t.Parallel()
		g := newGitHub(t, base)
		git(t, g.dir, "checkout", "-q", "-b", "change")
		g.commit(map[string]string{"rules/new.yml": newRule}, nil)
		p := g.pull("change")
		for _, c := range []struct {
			why, want string
			with      map[string]string
			long      bool // the case costs more than it tells beside the others
		}{
			{"no fleet, so nobody can say that content is safe", "no fleet", nil, false},
			{"a fleet that is missing", "nowhere.json", map[string]string{"fleet": "nowhere.json"}, true},
			{"a flag that does not exist", "--no-such-flag", map[string]string{"fleet": "reference", "arguments": "--no-such-flag"}, false},
			{"a base that is missing", "fetch-depth: 0", map[string]string{"fleet": "reference", "base": "--all"}, true},
			{"a misspelt switch", "want true or false", map[string]string{"fleet": "reference", "new-only": "yes"}, true},
		} {
			if c.long && !longtest.Enabled() {
				continue
			}
			r := g.run(p, c.with)
			a := r.annotations(t)
			if r.failed != "Verdict: 2" || r.outputs["verdict"] != "undecided" || len(a) == 0 || !strings.Contains(a[0], c.want) || !strings.HasPrefix(a[0], "::error ") {
				t.Errorf("%s: failed %q, annotations %q, outputs %v", c.why, r.failed, a, r.outputs)
			}
			if !strings.HasPrefix(r.summary, "## cfcheck: undecided\n") {
				t.Errorf("%s: summary %q", c.why, r.summary)
			}
		}
	})

	t.Run("a release is used if its digest is right", func(t *testing.T) {
		t.Parallel()
		g := newGitHub(t, base)
		git(t, g.dir, "checkout", "-q", "-b", "change")
		g.commit(map[string]string{"README.md": "# Our rules\n"}, nil)
		p := g.pull("change")
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		g.archive = archiveOf(t, "cfcheck_0.1.0_linux_amd64/cfcheck", fmt.Sprintf("#!/usr/bin/env bash\ntouch \"$GITHUB_OUTPUT.ran\"\nexec -a cfcheck %q \"$@\"\n", self))
		digest := fmt.Sprintf("%x", sha256.Sum256(g.archive))
		for _, c := range []struct {
			why, version, sha256, failed, want string
		}{
			{"the digest is that of the archive", "v0.1.0", digest, "", "::warning "},
			{"another archive", "v0.1.0", strings.Repeat("0", 64), "Install cfcheck: 2", "has the SHA-256 " + digest},
			{"no digest", "v0.1.0", "", "Install cfcheck: 2", "sha256: want the 64 hex digits"},
			{"a digest without a version", "", digest, "Install cfcheck: 2", "no version was given"},
			{"a version that leads elsewhere", "v0.1.0/../../x", digest, "Install cfcheck: 2", "version: want a release"},
			{"a version that is not released", "v0.2.0", digest, "Install cfcheck: 2", "cannot be downloaded"},
		} {
			r := g.run(p, map[string]string{"fleet": "reference", "version": c.version, "sha256": c.sha256})
			verdict := map[bool]string{true: "accepted"}[c.failed == ""]
			if a := r.annotations(t); r.failed != c.failed || r.outputs["verdict"] != verdict || len(a) == 0 || !strings.Contains(a[0], c.want) {
				t.Errorf("%s: failed %q, verdict %q, annotations %q\n%s", c.why, r.failed, r.outputs["verdict"], a, r.log)
			}
			if installed := !slices.ContainsFunc(r.used, func(s string) bool { return strings.HasPrefix(s, "actions/setup-go@") }); installed != (c.version != "") {
				t.Errorf("%s: used %v", c.why, r.used)
			}
		}
	})
}

// workflowOf returns the steps of a job of the first workflow in a page.
func workflowOf(t *testing.T, page, job string) []actionStep {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```yaml\n((?:name|on):.*?)^```$").FindSubmatch(text)
	if block == nil {
		t.Fatalf("%s has no workflow", page)
	}
	var workflow struct {
		Jobs map[string]struct{ Steps []actionStep }
	}
	if err := yaml.Unmarshal(block[1], &workflow); err != nil {
		t.Fatal(err)
	}
	steps := workflow.Jobs[job].Steps
	if len(steps) != 2 || !strings.HasPrefix(steps[0].Uses, "actions/checkout@") || !strings.HasPrefix(steps[1].Uses, "cfcheck/cfcheck@") {
		t.Fatalf("%s: the workflow has the steps %+v", page, steps)
	}
	return steps
}

// recipeCommands returns the commands of docs/ci.md before its workflow that run cfcheck.
func recipeCommands(t *testing.T) (commands []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(page), "```yaml")
	for line := range strings.Lines(before) {
		if strings.HasPrefix(line, "cfcheck ") {
			commands = append(commands, line)
		}
	}
	if len(commands) != 2 {
		t.Fatalf("docs/ci.md has the commands %q; it is to make a fleet and try it", commands)
	}
	return commands
}

// basic returns a token as git sends it.
func basic(token string) string {
	return base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
}

// archiveOf returns a .tar.gz with one program.
func archiveOf(t *testing.T, name, text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))})
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err = errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestComment runs the script that writes the comment in the cases that a pull request rarely has.
func TestComment(t *testing.T) {
	t.Parallel()
	const text = "## cfcheck: rejected\n\n\\@ann said \\\\\\@bob, \\#12 and \\\\n\n"
	marker := func(name string) string {
		return "<!-- cfcheck " + fmt.Sprintf("%x", sha1.Sum([]byte(fmt.Sprintf("blob %d\x00%s", len(name), name)))) + " -->"
	}
	// run returns the last comment and the log.
	run := func(t *testing.T, g *github, verdict, summary string) (string, string) {
		t.Helper()
		name := filepath.Join(g.tools, "summary")
		if err := os.WriteFile(name, []byte(summary), 0o666); err != nil {
			t.Fatal(err)
		}
		status, log := runScript(t, g.dir, g.tools, "bash "+filepath.Join(root, "tools", "action", "comment.sh"), "RUNNER_TEMP="+g.tools, "NUMBER=7", "WRITABLE=true",
			"NAME=n", "TOKEN=the-token", "VERDICT="+verdict, "SUMMARY="+name, "GITHUB_REPOSITORY=owner/rules", "GITHUB_API_URL="+g.url+"/api", "GITHUB_SERVER_URL="+g.url, "GITHUB_RUN_ID=1")
		if status != 0 {
			t.Errorf("exit status %d\n%s", status, log)
		}
		if strings.Contains(log, "the-token") {
			t.Errorf("the log has the token:\n%s", log)
		}
		if len(g.comments) == 0 {
			return "", log
		}
		return g.comments[len(g.comments)-1].Body, log
	}
	g := newGitHub(t, map[string]string{"README.md": "x"})
	for _, c := range []struct {
		name  string
		setup func(*github)
		// what becomes of the comments
		verdict string
		n       int
		body    string // of the last begins with
		log     string
	}{
		{"nothing is said about content without findings", func(*github) {}, "accepted", 0, "", ""},
		{"names notify nobody", func(*github) {}, "rejected", 1, marker("n") + "\n## cfcheck: rejected\n\n@&#8203;ann said \\\\@&#8203;bob, #&#8203;12 and \\\\n\n\n[The run](", ""},
		{"the owner of the token wrote it", func(g *github) {
			g.user = "carol"
			g.say("mallory", "Bot", marker("n"))
			g.say("carol", "User", marker("n")+"\nold")
		}, "accepted", 2, marker("n") + "\n## cfcheck: rejected", ""},
		{"another run has another comment", func(g *github) { g.say("github-actions[bot]", "Bot", marker("m")+"\nold") }, "rejected", 2, marker("n"), ""},
		{"a marker that is quoted is none", func(g *github) { g.say("github-actions[bot]", "Bot", "> "+marker("n")) }, "rejected", 2, marker("n"), ""},
		{"somebody removes it in between", func(g *github) {
			g.say("github-actions[bot]", "Bot", marker("n"))
			g.noPatch = true
		}, "rejected", 2, marker("n") + "\n## cfcheck", ""},
		{"the job has no permission", func(g *github) { g.status = http.StatusForbidden }, "rejected", 0, "", "::notice title=cfcheck::no comment was written: GitHub answered 403; the job needs the permission pull-requests: write;"},
		{"GitHub is out of order", func(g *github) { g.status = http.StatusBadGateway }, "rejected", 0, "", "::notice title=cfcheck::no comment was written: GitHub answered 502;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g.comments, g.user, g.status, g.noPatch = nil, "", 0, false
			c.setup(g)
			body, log := run(t, g, c.verdict, text)
			if len(g.comments) != c.n || !strings.HasPrefix(body, c.body) || !strings.HasPrefix(log, c.log) {
				t.Errorf("%d comments, last %q; log %q", len(g.comments), body, log)
			}
		})
	}
	t.Run("a long summary ends at a line", func(t *testing.T) {
		g.comments, g.user, g.status, g.noPatch = nil, "", 0, false
		row := strings.Repeat("\\@é", 100) + "\n"
		body, _ := run(t, g, "rejected", strings.Repeat(row, 3000)) // 1.5 MB
		rows := strings.Count(body, strings.Repeat("@&#8203;é", 100)+"\n")
		if len(body) > 65536 || rows < 40 || !strings.Contains(body, "\n\nThe comment ends here; the summary of the job has the rest.\n") || strings.Count(body, "é") != 100*rows {
			t.Errorf("%d bytes, %d rows", len(body), rows)
		}
	})
}

// changedTree returns a work tree on a branch that adds newRule, and a folder with the command.
func changedTree(t *testing.T) (work, tools string) {
	t.Helper()
	reference, _ := builtin.Fleet("reference")
	fleet, err := reference.JSON()
	if err != nil {
		t.Fatal(err)
	}
	g := newGitHub(t, map[string]string{"rules/sound.yml": soundRule, "rules/old.yml": oldRule, "fleet.json": string(fleet)})
	git(t, g.dir, "checkout", "-q", "-b", "change")
	g.commit(map[string]string{"rules/new.yml": newRule}, nil)
	g.cfcheck()
	work = filepath.Join(t.TempDir(), "work")
	git(t, g.dir, "clone", "-q", g.dir, work)
	return work, g.tools
}

// runScript runs a script of a CI system, and returns its exit status and output.
func runScript(t *testing.T, dir, tools, script string, environment ...string) (int, string) {
	t.Helper()
	cmd := exec.Command("bash", "-e", "-c", script)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + tools + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + tools, "GIT_CONFIG_NOSYSTEM=1"}, environment...)
	out, err := cmd.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestOtherCI runs the scripts of the jobs in docs/ci, as the systems do for a change that adds
// a fault.
func TestOtherCI(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, name string) string {
		data, err := os.ReadFile(filepath.Join(root, "docs", "ci", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	unmarshal := func(t *testing.T, name string, v any) {
		if err := yaml.Unmarshal([]byte(read(t, name)), v); err != nil {
			t.Fatal(err)
		}
	}
	work, tools := changedTree(t)
	for _, c := range []struct {
		system  string
		script  func(t *testing.T) string
		reports []string
	}{
		{"GitLab", func(t *testing.T) string {
			var file struct {
				CFCheck struct {
					Script    []string
					Artifacts struct{ Reports map[string]string }
				} `yaml:"cfcheck"`
			}
			unmarshal(t, "gitlab-ci.yml", &file)
			for _, name := range file.CFCheck.Artifacts.Reports {
				if !strings.Contains(file.CFCheck.Script[0], "="+name) {
					t.Errorf("the script does not write %s", name)
				}
			}
			return strings.Join(file.CFCheck.Script, "\n")
		}, []string{"gl-code-quality-report.json", "cfcheck.xml"}},
		{"Jenkins", func(t *testing.T) string {
			var lines []string
			for _, m := range regexp.MustCompile(`sh '([^']+)'`).FindAllStringSubmatch(read(t, "Jenkinsfile"), -1) {
				lines = append(lines, m[1])
			}
			return strings.Join(lines, "\n")
		}, []string{"cfcheck.xml", "cfcheck.sarif"}},
		{"Azure Pipelines", func(t *testing.T) string {
			var file struct {
				Steps []struct{ Script, DisplayName string }
			}
			unmarshal(t, "azure-pipelines.yml", &file)
			i := slices.IndexFunc(file.Steps, func(s struct{ Script, DisplayName string }) bool { return strings.Contains(s.Script, "--fleet") })
			return file.Steps[i].Script
		}, []string{"cfcheck.xml", "cfcheck.sarif"}},
	} {
		dir := work
		if c.system == "Azure Pipelines" {
			dir = tools // where its reports go
		}
		status, out := runScript(t, work, tools, c.script(t), "CI_MERGE_REQUEST_DIFF_BASE_SHA="+git(t, work, "rev-parse", "HEAD~1"),
			"CHANGE_TARGET=main", "SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main", "AGENT_TEMPDIRECTORY="+tools)
		if status != 1 || !strings.Contains(out, "rules/new.yml:7:5") {
			t.Errorf("%s: exit status %d\n%s", c.system, status, out)
		}
		for _, name := range c.reports {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !bytes.Contains(data, []byte("CF3012")) {
				t.Errorf("%s: report %s: %v", c.system, name, err)
			}
			os.Remove(filepath.Join(dir, name))
		}
	}
}

// TestProblemMatcher matches the text of a run as the runner of GitHub does.
func TestProblemMatcher(t *testing.T) {
	t.Parallel()
	var file struct {
		ProblemMatcher []struct {
			Owner   string
			Pattern []struct {
				Regexp                                      string
				File, Line, Column, Severity, Message, Code int
			}
		}
	}
	data, err := os.ReadFile(filepath.Join(root, "docs", "ci", "problem-matcher.json"))
	if err == nil {
		err = json.Unmarshal(data, &file)
	}
	if err != nil || len(file.ProblemMatcher) != 1 || len(file.ProblemMatcher[0].Pattern) != 1 {
		t.Fatalf("%v: %+v", err, file)
	}
	p := file.ProblemMatcher[0].Pattern[0]
	expression := regexp.MustCompile(p.Regexp)
	work, tools := changedTree(t)
	// A name that looks like a place deceives only about itself.
	odd := "a:1:2: error: b [CF0001].yml"
	for name, text := range map[string]string{odd: sigmaRule("Odd", "0030", "    OriginalFileName: odd.exe\n"), "empty.cf": ""} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// Of rules with the same cause, the first has a line of its own.
	_, out := runScript(t, work, tools, `for path in rules empty.cf "`+odd+`"; do cfcheck check --fleet fleet.json -- "$path" || true; done; cfcheck check -v --fleet fleet.json rules`)
	var got []string
	for line := range strings.Lines(out) {
		if m := expression.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			got = append(got, strings.Join([]string{m[p.File], m[p.Line], m[p.Column], m[p.Severity], m[p.Code]}, " "))
			if m[p.Message] == "" {
				t.Errorf("%q has no message", line)
			}
		}
	}
	slices.Sort(got)
	got = slices.Compact(got) // the last run repeats the first, with notes, which are not matched
	if want := []string{"./a 1 2 error CF3012", "empty.cf   error CF0003", "rules/new.yml 7 5 warning CF3012"}; !slices.Equal(got, want) {
		t.Errorf("matched %q, want %q\n%s", got, want, out)
	}
}

// TestHooks runs the commands of .pre-commit-hooks.yaml as pre-commit does, with arguments of a
// user behind them and with their own.
func TestHooks(t *testing.T) {
	t.Parallel()
	var hooks []struct {
		ID, Name, Language, Entry, Files string
		Args                             []string
		PassFilenames                    bool `yaml:"pass_filenames"`
	}
	data, err := os.ReadFile(filepath.Join(root, ".pre-commit-hooks.yaml"))
	if err == nil {
		err = yaml.Unmarshal(data, &hooks)
	}
	if err != nil {
		t.Fatal(err)
	}
	work, tools := changedTree(t)
	var languages []string
	for _, h := range hooks {
		languages = append(languages, h.Language)
		entry := h.Entry
		if h.Language == "docker_image" {
			image, arguments, _ := strings.Cut(entry, " ")
			if !regexp.MustCompile(`^ghcr\.io/cfcheck/cfcheck:v\d+\.\d+\.\d+$`).MatchString(image) {
				t.Errorf("%s runs the image %s", h.ID, image)
			}
			entry = "cfcheck " + arguments // the image starts it
		}
		if status, out := runScript(t, work, tools, entry+" "+strings.Join(h.Args, " "), "CFCHECK_FLEET=fleet.json"); status != 0 {
			t.Errorf("%s: exit status %d\n%s", h.ID, status, out)
		}
		if status, out := runScript(t, work, tools, entry+" --fleet fleet.json --fail-on warning rules"); status != 1 || !strings.Contains(out, "rules/new.yml:7:5") {
			t.Errorf("%s: exit status %d\n%s", h.ID, status, out)
		}
		touches := regexp.MustCompile(h.Files)
		for name, want := range map[string]bool{"rules/a.yml": true, "rules/b.yaml": true, "out/C.cf": true, "fleet.json": true, "README.md": false} {
			if touches.MatchString(name) != want || h.PassFilenames {
				t.Errorf("%s: %s starts the hook: %v, want %v", h.ID, name, !want, want)
			}
		}
	}
	if want := []string{"golang", "system", "docker_image"}; !slices.Equal(languages, want) {
		t.Errorf("hooks for %v, want %v", languages, want)
	}
}
