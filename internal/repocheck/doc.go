// Package repocheck has only tests. They cover facts that belong to no single
// package:
//   - links in the documentation and in doc comments lead somewhere,
//   - packages import only packages below them,
//   - docs/dependencies.md lists the dependencies,
//   - workflows are pinned,
//   - cfcheck has the commands that the documentation shows,
//   - comments, messages and documentation keep to plain language,
//   - subjects of commits have one form.
package repocheck
