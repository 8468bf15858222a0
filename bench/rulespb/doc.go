// Package rulespb is rules as protocol buffers, for a comparison of readers.
package rulespb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-vtproto_out=. --go-vtproto_opt=paths=source_relative,features=unmarshal+unmarshal_unsafe+marshal+size rules.proto
