//go:build small

package main

var large []*engine
