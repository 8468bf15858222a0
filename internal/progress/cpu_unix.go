//go:build unix

package progress

import "syscall"

// CPUSeconds returns what the process has had of the processors; 0 if that is
// not known. On a machine with other work, it is less than the time times the
// cores.
func CPUSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return seconds(u.Utime) + seconds(u.Stime)
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
