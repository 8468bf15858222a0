// Package types holds the checks of family CF2: does the content fit the
// definition of its template type?
package types
