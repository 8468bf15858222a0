//go:build unix

package progress

import "syscall"

// CPUSeconds returns the processor time of the process in seconds, or 0 if it is
// unknown. On a busy machine it is less than the elapsed time times the cores.
func CPUSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return seconds(u.Utime) + seconds(u.Stime)
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
