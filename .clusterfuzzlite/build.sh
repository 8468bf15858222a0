#!/bin/bash -eu
# Builds every fuzz target with libFuzzer, and what each starts from. Run in the
# image of the Dockerfile beside it, which has compile_native_go_fuzzer_v2 and
# says with OUT where to.
cd "$SRC/cfcheck"
go run ./fuzz/seedcorpus -list | while read -r package function name; do
  compile_native_go_fuzzer_v2 "github.com/cfcheck/cfcheck/${package#./}" "$function" "$name" </dev/null
done
go run ./fuzz/seedcorpus "$OUT"
