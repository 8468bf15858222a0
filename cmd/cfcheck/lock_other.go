//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package main

import "errors"

// tryLock would lock a folder against other builds.
func tryLock(string) (unlock func(), err error) { return nil, errors.ErrUnsupported }
