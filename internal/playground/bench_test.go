package playground

import "testing"

func BenchmarkJudge(b *testing.B) {
	data, err := Sample(100_000)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Judge(Question{Name: "sample.cf", Data: data, Fleet: "reference"}); err != nil {
			b.Fatal(err)
		}
	}
}
