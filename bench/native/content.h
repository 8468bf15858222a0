// Reads the files that native.go writes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

[[noreturn]] inline void fail(const std::string &message) {
  std::cerr << "bench: " << message << "\n";
  exit(1);
}

inline uint64_t processor_time() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return uint64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}

// A Reader reads numbers and texts of a file.
struct Reader {
  std::string data;
  size_t at = 0;
  uint64_t number() {
    if (at + 8 > data.size()) fail("the file ends too early");
    uint64_t n;
    memcpy(&n, data.data() + at, 8);
    at += 8;
    return n;
  }
  std::string text() {
    size_t n = number();
    if (n > data.size() - at) fail("the file ends too early");
    at += n;
    return data.substr(at - n, n);
  }
};

inline Reader open(const char *name) {
  std::ifstream file(name, std::ios::binary);
  return Reader{std::string(std::istreambuf_iterator<char>(file), {})};
}
