package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// mistaken are names that people give to a policy file by mistake. A policy that is not
// read would be worse than an error.
var mistaken = []string{".cfcheck.yml", "cfcheck.yaml", "cfcheck.yml"}

// repositories are the entries that mark the root of a repository.
var repositories = []string{".git", ".hg", ".jj", ".svn"}

// Find returns the name of the policy file that applies in a folder, or "" if there is no
// such file. It looks in the folder, and then in each folder above, up to the root of the
// repository or of the file system. The file that is found first applies alone.
//
// A file whose name is almost FileName is an error. So is a folder that cannot be looked
// at, because it may have a policy.
func Find(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil { //mutation:missed: only a working folder that was deleted gives the error
		return "", fmt.Errorf("the policy cannot be looked for: %w", err)
	}
	for {
		name := filepath.Join(dir, FileName)
		found, err := exists(name)
		if err != nil {
			return "", err
		}
		for _, other := range mistaken {
			also, err := exists(filepath.Join(dir, other))
			if err != nil { //mutation:equivalent: the look for FileName has the same error
				return "", err
			}
			if also {
				return "", fmt.Errorf("%s: a policy file has the name %s; rename this one, or move it to another folder", filepath.Join(dir, other), FileName)
			}
		}
		if found {
			return name, nil
		}
		for _, mark := range repositories {
			if root, err := exists(filepath.Join(dir, mark)); err != nil || root {
				return "", err
			}
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", nil
		}
		dir = above
	}
}

// exists reports whether a folder has an entry, which may be a broken link.
func exists(name string) (bool, error) {
	_, err := os.Lstat(name)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return false, fmt.Errorf("the policy cannot be looked for: %w", err)
}
