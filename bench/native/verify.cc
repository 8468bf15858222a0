// Measures the verifier of FlatBuffers.
//
//	verify FILE
//
// reads rules that native.go has written, and makes a FlatBuffer of them. It prints its size in bytes
// and its number of criteria. Then, for each line of its input, it verifies the buffer and prints the
// processor time in nanoseconds.
#include "content.h"
#include "rules_generated.h"

#include <utility>
#include <vector>

struct Source {
  int input, op, flags;
  std::vector<std::string> texts, addresses;
  std::vector<std::pair<int64_t, int64_t>> numbers;
};

int main(int argc, char **argv) {
  if (argc != 2) fail("expected one file");
  Reader r = open(argv[1]);
  r.number(); // inputs
  std::vector<Source> criteria(r.number());
  for (Source &c : criteria) {
    c.input = r.number(), c.op = r.number(), c.flags = r.number();
    for (size_t n = r.number(); n > 0; n--) {
      c.texts.push_back(r.text());
      r.text(); // as an expression
    }
    for (size_t n = r.number(); n > 0; n--) {
      int64_t least = r.number();
      c.numbers.emplace_back(least, int64_t(r.number()));
    }
    for (size_t n = r.number(); n > 0; n--) c.addresses.push_back(r.text() + "-" + r.text());
    for (size_t n = r.number(); n > 0; n--) r.number();
  }
  flatbuffers::FlatBufferBuilder b;
  std::vector<flatbuffers::Offset<Rule>> rules;
  size_t count = 0, all = r.number();
  for (size_t i = 0; i < all; i++) {
    std::vector<flatbuffers::Offset<Criterion>> list;
    std::vector<uint32_t> words;
    for (size_t n = r.number(); n > 0; n--) {
      uint32_t kind = r.number(), argument = r.number();
      if (kind > 1) {
        words.push_back(1048576 + 2 * argument + (kind == 3));
        continue;
      }
      const Source &c = criteria[argument];
      std::vector<flatbuffers::Offset<Range>> numbers;
      for (auto [least, greatest] : c.numbers) numbers.push_back(CreateRange(b, least, greatest));
      words.push_back(2 * list.size() + kind);
      list.push_back(CreateCriterion(b, c.input, c.op, c.flags & 3, b.CreateVectorOfStrings(c.texts), b.CreateVector(numbers), b.CreateVectorOfStrings(c.addresses)));
    }
    for (size_t n = r.number(); n > 0; n--) r.number(); // the criteria that lead to it
    count += list.size();
    std::vector<uint8_t> id(16);
    memcpy(id.data(), &i, sizeof i);
    rules.push_back(CreateRule(b, b.CreateVector(id), b.CreateVector(list), b.CreateVector(words)));
  }
  b.Finish(CreateFile(b, b.CreateVector(rules)));
  std::cout << b.GetSize() << " " << count << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    uint64_t start = processor_time();
    flatbuffers::Verifier verifier(b.GetBufferPointer(), b.GetSize(), 64, 1 << 30);
    if (!VerifyFileBuffer(verifier)) fail("the buffer is not valid");
    std::cout << processor_time() - start << std::endl;
  }
}
