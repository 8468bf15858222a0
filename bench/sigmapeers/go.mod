module github.com/cfcheck/cfcheck/bench/sigmapeers

go 1.26.0

require github.com/cfcheck/cfcheck v0.0.0

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/klauspost/compress v1.18.5 // indirect
	go.yaml.in/yaml/v4 v4.0.0 // indirect
)

replace github.com/cfcheck/cfcheck => ../..
