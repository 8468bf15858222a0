package numeral

import (
	"math"
	"testing"
)

func TestThousands(t *testing.T) {
	tests := []struct {
		n    uint64
		want string
		why  string
	}{
		{0, "0", "the smallest number"},
		{999, "999", "the largest number without a comma"},
		{1000, "1,000", "the smallest number with a comma"},
		{123456, "123,456", "no comma before the first digit"},
		{1000000, "1,000,000", "two commas"},
		{math.MaxUint64, "18,446,744,073,709,551,615", "the largest number"},
	}
	for _, tt := range tests {
		if got := Thousands(tt.n); got != tt.want {
			t.Errorf("Thousands(%d) = %q, want %q (%s)", tt.n, got, tt.want, tt.why)
		}
	}
}
