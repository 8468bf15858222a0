//go:build !unix

package progress

// CPUSeconds returns 0, because this system does not report it.
func CPUSeconds() float64 { return 0 }
