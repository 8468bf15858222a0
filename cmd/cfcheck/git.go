package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// A gitTree reads the files that a path of a work tree has in a revision. It reads them as they
// are in the repository, without attributes and filters.
type gitTree struct {
	revision string
	path     string // in the work tree
}

// A gitFile is a file of a revision.
type gitFile struct {
	name string // below the path; of a single file its base name
	data []byte
}

// String names the tree for messages.
func (t *gitTree) String() string { return t.revision + ":" + filepath.ToSlash(t.path) }

// one reports whether the path is a file in the work tree.
func (t *gitTree) one() bool {
	info, err := os.Stat(t.path)
	return err == nil && !info.IsDir()
}

// files returns the files below the path, sorted by name. It is an error if the revision does not
// have the path, or has a link or another repository below it: nobody can say what they were.
func (t *gitTree) files() ([]gitFile, error) {
	dir, only := t.path, ""
	if t.one() {
		dir, only = filepath.Dir(t.path), filepath.Base(t.path)
	}
	tree, err := t.git(dir, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", t.revision+"^{tree}")
	if err != nil {
		return nil, fmt.Errorf("%s: the repository has no such revision: %w", t.revision, err)
	}
	if err := t.refuseLink(dir); err != nil {
		return nil, err
	}
	args := []string{"ls-tree", "-r", "-z", strings.TrimSpace(string(tree))}
	if only != "" {
		args = append(args, "--", only)
	}
	list, err := t.git(dir, nil, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: the files cannot be listed: %w", t, err)
	}
	var files []gitFile
	var request bytes.Buffer
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		if entry == "" {
			continue
		}
		about, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(about) // mode, type, object
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: git lists %q (want a mode, a type, an object and a name)", t, entry)
		}
		switch fields[0] {
		case "120000", "160000":
			return nil, fmt.Errorf("%s: %s is a link or another repository, whose content git does not have", t, name)
		}
		files = append(files, gitFile{name: name})
		fmt.Fprintln(&request, fields[2])
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: the revision has no such path, or no file in it", t)
	}
	objects, err := t.git(dir, &request, "cat-file", "--batch")
	if err != nil {
		return nil, fmt.Errorf("%s: the files cannot be read: %w", t, err)
	}
	r := bufio.NewReader(bytes.NewReader(objects))
	for i := range files {
		if files[i].data, err = readObject(r); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", t, files[i].name, err)
		}
	}
	slices.SortFunc(files, func(a, b gitFile) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// refuseLink returns an error if a part of the path of a folder is a symbolic link in its work
// tree. The link may have had another target in the revision.
func (t *gitTree) refuseLink(dir string) error {
	fail := func(err error) error { return fmt.Errorf("%s: %w", t, err) }
	top, err := t.git(dir, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return fail(err)
	}
	root, err := os.Stat(strings.TrimSuffix(string(top), "\n"))
	if err != nil {
		return fail(err)
	}
	at, err := filepath.Abs(dir)
	if err != nil {
		return fail(err)
	}
	for ; ; at = filepath.Dir(at) {
		target, err := os.Stat(at)
		if err != nil {
			return fail(err)
		}
		if os.SameFile(target, root) {
			return nil // the work tree itself may be behind a link
		}
		switch info, err := os.Lstat(at); {
		case err != nil:
			return fail(err)
		case info.Mode()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s: %s is a symbolic link, which may have had another target in the revision; name the path to which it leads", t, at)
		case at == filepath.Dir(at):
			return fmt.Errorf("%s: the path is not in the work tree of git, %s", t, strings.TrimSpace(string(top)))
		}
	}
}

// readObject reads the next object of git cat-file --batch.
func readObject(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(line) // object, type, size
	if len(fields) != 3 {
		return nil, fmt.Errorf("git says %q (want an object, a type and a size)", strings.TrimSpace(line))
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	_, err = r.ReadByte() // the line end after the object
	return data, err
}

// git runs git in a folder and returns its output. The repository is that of the folder, whatever
// the variables of a hook say.
func (t *gitTree) git(dir string, in io.Reader, args ...string) ([]byte, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, in
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(gitVariables, name)
	})
	cmd.Env = append(cmd.Env, "GIT_NO_REPLACE_OBJECTS=1", "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); failed {
		first, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		if first == "" {
			return nil, errors.New("git found nothing")
		}
		return nil, errors.New(first)
	}
	return out, err
}

// gitVariables choose another repository than that of a folder.
var gitVariables = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_REPLACE_REF_BASE",
}

// addTree adds the channel files and the files of Sysmon of a tree, and returns its rules as a file
// system, or nil if it has no rules. Of a folder, files with a dot name, or below a folder with
// one, are no rules and no files of Sysmon. foreign is true for a file that --as calls one of
// Sysmon.
func (r *release) addTree(t *gitTree, foreign bool) (fs.FS, error) {
	files, err := t.files()
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	rules, one := 0, t.one()
	for _, f := range files {
		switch {
		case foreign && one:
			if err := r.addSysmonData(t.String(), f.data); err != nil {
				return nil, err
			}
		case isChannelFile(f.name) || channelfile.HasMagic(f.data):
			name := path.Join(t.String(), f.name)
			r.read(name, f.data)
			file, err := channelfile.Parse(f.data)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if err := r.add(shipped{name: name, header: file.Header, content: validate.ChannelFile(name, f.data)}); err != nil {
				return nil, err
			}
		case one && isSysmon(f.name), !hidden(f.name) && isSysmonBy(f.name, f.data):
			name := t.String()
			if !one {
				name = t.revision + ":" + path.Join(filepath.ToSlash(t.path), f.name)
			}
			if err := r.addSysmonData(name, f.data); err != nil {
				return nil, err
			}
		case isRules(f.name) && !hidden(f.name):
			r.read(path.Join(t.String(), f.name), f.data)
			out, err := w.CreateHeader(&zip.FileHeader{Name: f.name})
			if err != nil {
				return nil, err
			}
			if _, err := out.Write(f.data); err != nil {
				return nil, err
			}
			rules++
		}
	}
	if err := w.Close(); err != nil || rules == 0 {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
}

// hidden reports whether an element of a path begins with a dot.
func hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(s string) bool { return strings.HasPrefix(s, ".") })
}

// readTrees reads the release that paths of work trees have in a revision.
// foreign is true if --as calls them files of Sysmon.
func (c *compiling) readTrees(revision string, paths []string, foreign bool) (*release, []string) {
	r := &release{content: map[uint32][]*shipped{}}
	var problems []string
	var roots []ruleRoot
	for _, p := range paths {
		t := &gitTree{revision, p}
		fsys, err := r.addTree(t, foreign)
		if err != nil {
			problems = append(problems, fmt.Sprintf("--previous-git: %v", err))
		}
		if fsys != nil {
			roots = append(roots, ruleRoot{fsys: fsys, path: ".", name: t.String()})
		}
	}
	if len(roots) > 0 {
		if err := c.addRules(r, roots...); err != nil {
			problems = append(problems, fmt.Sprintf("--previous-git: %v", err))
		}
	}
	return r, problems
}
