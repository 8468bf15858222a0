//go:build !unix

package progress

// CPUSeconds returns 0, for it is not known here.
func CPUSeconds() float64 { return 0 }
