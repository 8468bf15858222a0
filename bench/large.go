//go:build !small

package main

// large are the engines that take a minute to compile. The tag small leaves them out.
var large = []*engine{celGo, opa}
