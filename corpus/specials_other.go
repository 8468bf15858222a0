//go:build !unix

package corpus

var unixSpecials []Special
