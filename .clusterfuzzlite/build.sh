#!/bin/bash -eu
# Builds every fuzz target with libFuzzer, and what each starts from. Run in the
# image of the Dockerfile beside it, which has Go and clang and says with CXX,
# CXXFLAGS and LIB_FUZZING_ENGINE how to link, and with OUT where to.
cd "$SRC/cfcheck"
go run ./fuzz/libfuzzer -o "$OUT"
