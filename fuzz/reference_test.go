package fuzz

// The sections, in the order of the format.
const (
	instances = iota
	conditions
	criteria
	operands
	values
	pool
	programs
	sources
	instructions
	classes
	ranges
	origins
	uses
	texts
	textpool
)
