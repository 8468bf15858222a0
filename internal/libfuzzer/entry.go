//go:build libfuzzer

package libfuzzer

import "C"

import "unsafe"

// Target starts the target of the program.
var Target func()

// LLVMFuzzerInitialize is called by libFuzzer once.
//
//export LLVMFuzzerInitialize
func LLVMFuzzerInitialize(*C.int, ***C.char) C.int {
	Target()
	return 0
}

// LLVMFuzzerTestOneInput is called by libFuzzer for each input.
//
//export LLVMFuzzerTestOneInput
func LLVMFuzzerTestOneInput(data *C.char, size C.size_t) C.int {
	One(unsafe.Slice((*byte)(unsafe.Pointer(data)), int(size)))
	return 0
}
