//go:build !windows

package main

import "os"

// understandsColor reports whether a terminal interprets control sequences.
func understandsColor(*os.File) bool { return true }
