//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package main

import "errors"

// tryLock returns an error, because this system has no supported lock.
func tryLock(string) (unlock func(), err error) { return nil, errors.ErrUnsupported }
