// Package repocheck has only tests, of what belongs to no single package: that
// links in the documentation lead somewhere, that nothing imports upward, that
// the dependencies are those that are listed, that the workflows are pinned,
// and that the commands in the documentation are ones that cfcheck has.
package repocheck
