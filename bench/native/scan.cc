// Finds the rules that match events, with Hyperscan or with RE2::Set. The benchmark builds it twice,
// with -DHYPERSCAN and without.
//
//	scan FILE
//
// reads rules and events that native.go has written. It prints "built", and the processor time
// of building in nanoseconds. Then it obeys a command on each line of its input:
//
//	answers NANOSECONDS    prints the number of events done, and for each a line with its rules
//	run NANOSECONDS WHOLE  prints the number of events done and their processor time
//
// Criteria that are marked are scanned for. Their hits lead to rules, whose conditions are then
// evaluated. The other criteria are evaluated when a condition reads them.
#include "content.h"

#include <re2/re2.h>
#include <re2/set.h>
#ifdef HYPERSCAN
#include <hs/hs.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

// The numbers of channelfile.Operator.
enum { EXISTS = 1, EQUALS, PREFIX, SUFFIX, CONTAINS, PATTERN, REGEXP, INTEGER_EQUALS, INTEGER_RANGE, ADDRESS_RANGE };
enum { FOLDED = 1, ALL = 2, SCANNED = 4 };
enum { REFERENCE, NEGATED, AND, OR };

struct Criterion {
  int input, op, flags;
  std::vector<std::string> texts, expressions; // an expression for each text
  std::vector<std::pair<int64_t, int64_t>> numbers;
  std::vector<std::pair<std::string, std::string>> addresses;
  std::vector<int> others;
  std::vector<std::unique_ptr<RE2>> regexps;
  std::vector<int> rules; // that a hit leads to
  bool verify = false;    // a hit does not yet mean that the criterion holds
  bool folded() const { return flags & FOLDED && op != REGEXP; }
  bool all() const { return flags & ALL; }
};

struct Rule {
  std::vector<std::pair<int, int>> words; // kind; criterion or number of operands
  bool always = false;                    // evaluate for each event
  bool plain = true;                      // a conjunction of criteria
};

struct Value {
  bool present, is_number, is_address;
  int64_t number;
  std::string text, folded, address;
};

using Event = std::vector<Value>;

size_t rune_length(std::string_view s) { // s is UTF-8 and not empty
  unsigned char c = s[0];
  size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  return std::min(n, s.size());
}

bool matches_pattern(std::string_view s, std::string_view p) {
  size_t i = 0, k = 0, star = std::string_view::npos, resume = 0;
  while (i < s.size()) {
    if (k < p.size() && p[k] == '*') {
      star = k++;
      resume = i;
    } else if (k < p.size() && p[k] == '?') {
      i += rune_length(s.substr(i));
      k++;
    } else if (k < p.size() && p[k] == '\\' && p[k + 1] == s[i]) {
      i++;
      k += 2;
    } else if (k < p.size() && p[k] != '\\' && p[k] == s[i]) {
      i++;
      k++;
    } else if (star != std::string_view::npos) {
      resume += rune_length(s.substr(resume));
      i = resume;
      k = star + 1;
    } else {
      return false;
    }
  }
  while (k < p.size() && p[k] == '*') k++;
  return k == p.size();
}

bool compare(int op, std::string_view v, std::string_view t) {
  switch (op) {
  case EQUALS: return v == t;
  case PREFIX: return v.size() >= t.size() && memcmp(v.data(), t.data(), t.size()) == 0;
  case SUFFIX: return v.size() >= t.size() && memcmp(v.data() + v.size() - t.size(), t.data(), t.size()) == 0;
  case CONTAINS: return t.empty() || memmem(v.data(), v.size(), t.data(), t.size()) != nullptr;
  case PATTERN: return matches_pattern(v, t);
  }
  return false;
}

// Reports whether all or one of n operands hold.
template <typename F> bool operands(const Criterion &c, size_t n, F holds) {
  for (size_t i = 0; i < n; i++)
    if (holds(i) != c.all()) return !c.all();
  return c.all();
}

bool evaluate(const Criterion &c, const Event &e) {
  const Value &v = e[c.input];
  if (!c.others.empty())
    return operands(c, c.others.size(), [&](size_t i) {
      const Value &o = e[c.others[i]];
      if (!v.present || !o.present) return false;
      if (c.op == INTEGER_EQUALS) return v.is_number && o.is_number && v.number == o.number;
      return c.folded() ? compare(c.op, v.folded, o.folded) : compare(c.op, v.text, o.text);
    });
  if (!v.present) return false;
  switch (c.op) {
  case EXISTS: return true;
  case INTEGER_EQUALS:
  case INTEGER_RANGE:
    return v.is_number && operands(c, c.numbers.size(), [&](size_t i) { return c.numbers[i].first <= v.number && v.number <= c.numbers[i].second; });
  case ADDRESS_RANGE:
    return v.is_address && operands(c, c.addresses.size(), [&](size_t i) { return c.addresses[i].first <= v.address && v.address <= c.addresses[i].second; });
  case REGEXP:
    return operands(c, c.regexps.size(), [&](size_t i) { return RE2::PartialMatch(v.text, *c.regexps[i]); });
  }
  const std::string &text = c.folded() ? v.folded : v.text;
  return operands(c, c.texts.size(), [&](size_t i) { return compare(c.op, text, c.texts[i]); });
}

// A Scanner finds the expressions that match a text.
struct Scanner {
  std::vector<int> criteria; // by expression
  std::vector<std::string> expressions;
  std::vector<bool> utf8; // the expression is about runes, not about bytes
#ifdef HYPERSCAN
  hs_database_t *database = nullptr;
#else
  std::unique_ptr<RE2::Set> set;
  std::vector<int> hits;
#endif
};

struct Engine {
  std::vector<Criterion> criteria;
  std::vector<Rule> rules;
  std::vector<int> always;
  std::vector<Event> events;
  size_t first = 0; // the first event that is timed
  std::vector<Scanner> scanners; // by input; first for texts, then for folded ones
  std::vector<std::unordered_map<std::string_view, std::vector<int>>> equal; // the same
  // By criterion or rule, the number of the event for which the entry next to it is valid.
  std::vector<uint32_t> hit, known, asked;
  std::vector<char> truth;
  uint32_t now = 0;
  std::vector<int> candidates, matched;
  std::vector<char> stack;
#ifdef HYPERSCAN
  hs_scratch_t *scratch = nullptr;
#endif

  void read(Reader &r);
  void build();
  void compile(Scanner &s);
#ifdef HYPERSCAN
  void drop(int criterion);
#endif
  void found(int criterion);
  bool holds(int criterion, const Event &e);
  bool condition(const Rule &r, const Event &e);
  void match(const Event &e);
};

void Engine::read(Reader &r) {
  size_t inputs = r.number();
  scanners.resize(2 * inputs);
  equal.resize(2 * inputs);
  criteria.resize(r.number());
  for (Criterion &c : criteria) {
    c.input = r.number(), c.op = r.number(), c.flags = r.number();
    for (size_t n = r.number(); n > 0; n--) {
      c.texts.push_back(r.text());
      c.expressions.push_back(r.text());
    }
    for (size_t n = r.number(); n > 0; n--) {
      int64_t least = r.number();
      c.numbers.emplace_back(least, int64_t(r.number()));
    }
    for (size_t n = r.number(); n > 0; n--) {
      std::string first = r.text();
      c.addresses.emplace_back(first, r.text());
    }
    for (size_t n = r.number(); n > 0; n--) c.others.push_back(r.number());
  }
  rules.resize(r.number());
  for (size_t i = 0; i < rules.size(); i++) {
    for (size_t n = r.number(); n > 0; n--) {
      int kind = r.number();
      rules[i].words.emplace_back(kind, int(r.number()));
      rules[i].plain = rules[i].plain && kind <= NEGATED;
    }
    size_t n = r.number(); // criteria that lead to the rule
    rules[i].always = n == 0;
    for (; n > 0; n--) criteria[r.number()].rules.push_back(i);
  }
  first = r.number();
  events.resize(r.number());
  for (Event &e : events)
    for (size_t i = 0; i < inputs; i++) {
      Value v;
      v.present = r.number(), v.is_number = r.number(), v.number = r.number();
      v.text = r.text(), v.folded = r.text(), v.address = r.text();
      v.is_address = !v.address.empty();
      e.push_back(v);
    }
}

#ifdef HYPERSCAN
// Evaluates the criterion directly from now on, because the library does not take its expression.
void Engine::drop(int i) {
  criteria[i].flags &= ~SCANNED;
  for (int r : criteria[i].rules) rules[r].always = true;
}

void Engine::compile(Scanner &s) {
  while (!s.expressions.empty()) {
    std::vector<const char *> texts;
    std::vector<unsigned> flags, ids;
    for (size_t i = 0; i < s.expressions.size(); i++) {
      texts.push_back(s.expressions[i].c_str());
      flags.push_back(HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | (s.utf8[i] ? HS_FLAG_UTF8 : 0));
      ids.push_back(i);
    }
    hs_compile_error_t *error;
    if (hs_compile_multi(texts.data(), flags.data(), ids.data(), texts.size(), HS_MODE_BLOCK, nullptr, &s.database, &error) == HS_SUCCESS) {
      if (hs_alloc_scratch(s.database, &scratch) != HS_SUCCESS) fail("no memory for a scan");
      return;
    }
    if (error->expression < 0) fail(error->message);
    std::cerr << "scan: not scanned: " << s.expressions[error->expression] << ": " << error->message << "\n";
    int at = error->expression, criterion = s.criteria[at];
    hs_free_compile_error(error);
    drop(criterion);
    s.expressions.erase(s.expressions.begin() + at);
    s.criteria.erase(s.criteria.begin() + at);
    s.utf8.erase(s.utf8.begin() + at);
  }
}
#else
void Engine::compile(Scanner &s) {
  if (s.expressions.empty()) return;
  RE2::Options options;
  options.set_max_mem(int64_t(2) << 30);
  s.set = std::make_unique<RE2::Set>(options, RE2::UNANCHORED);
  for (const std::string &x : s.expressions) {
    std::string error;
    if (s.set->Add(x, &error) < 0) fail(x + ": " + error);
  }
  if (!s.set->Compile()) fail("no memory for a set");
}
#endif

void Engine::build() {
  for (size_t i = 0; i < criteria.size(); i++) {
    Criterion &c = criteria[i];
    if (c.op == REGEXP)
      for (const std::string &x : c.texts) {
        RE2::Options options(RE2::Quiet);
        options.set_max_mem(256 << 20); // the default is too little for counts such as {1000,}
        c.regexps.push_back(std::make_unique<RE2>(x, options));
        if (!c.regexps.back()->ok()) fail(x + ": " + c.regexps.back()->error());
      }
    if (!(c.flags & SCANNED)) continue;
    c.verify = c.all() || c.op == REGEXP;
    size_t which = 2 * c.input + c.folded();
    size_t from = 0, to = c.texts.size();
    if (c.all()) { // the longest suffices
      for (size_t k = 1; k < to; k++)
        if (c.texts[k].size() > c.texts[from].size()) from = k;
      to = from + 1;
    }
    for (size_t k = from; k < to; k++) {
      if (c.op == EQUALS) {
        equal[which][c.texts[k]].push_back(i);
        continue;
      }
      scanners[which].criteria.push_back(i);
      scanners[which].expressions.push_back(c.expressions[k]);
      scanners[which].utf8.push_back(c.op == REGEXP || c.op == PATTERN);
    }
  }
  for (Scanner &s : scanners) compile(s);
  for (size_t i = 0; i < rules.size(); i++)
    if (rules[i].always) always.push_back(i);
  hit.resize(criteria.size());
  known.resize(criteria.size());
  truth.resize(criteria.size());
  asked.resize(rules.size());
}

void Engine::found(int i) {
  if (hit[i] == now || !(criteria[i].flags & SCANNED)) return;
  hit[i] = now;
  for (int r : criteria[i].rules)
    if (asked[r] != now) {
      asked[r] = now;
      candidates.push_back(r);
    }
}

bool Engine::holds(int i, const Event &e) {
  const Criterion &c = criteria[i];
  if (c.flags & SCANNED && (hit[i] != now || !c.verify)) return hit[i] == now;
  if (known[i] != now) {
    known[i] = now;
    truth[i] = evaluate(c, e);
  }
  return truth[i];
}

bool Engine::condition(const Rule &r, const Event &e) {
  stack.clear();
  for (auto [kind, n] : r.words) {
    if (kind == REFERENCE || kind == NEGATED) {
      stack.push_back(holds(n, e) != (kind == NEGATED));
      if (r.plain && !stack.back()) return false;
      continue;
    }
    bool value = kind == AND;
    for (int k = 0; k < n; k++) {
      value = kind == AND ? value && stack.back() : value || stack.back();
      stack.pop_back();
    }
    stack.push_back(value);
  }
  return std::all_of(stack.begin(), stack.end(), [](char c) { return c != 0; });
}

#ifdef HYPERSCAN
struct Found {
  Engine *engine;
  Scanner *scanner;
};

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void *context) {
  Found *f = static_cast<Found *>(context);
  f->engine->found(f->scanner->criteria[id]);
  return 0;
}
#endif

void Engine::match(const Event &e) {
  now++;
  candidates.clear();
  matched.clear();
  for (size_t i = 0; i < scanners.size(); i++) {
    const Value &v = e[i / 2];
    if (!v.present) continue;
    const std::string &text = i % 2 ? v.folded : v.text;
    if (!equal[i].empty()) {
      auto at = equal[i].find(text);
      if (at != equal[i].end())
        for (int c : at->second) found(c);
    }
    Scanner &s = scanners[i];
    if (s.expressions.empty()) continue;
#ifdef HYPERSCAN
    Found context{this, &s};
    if (hs_scan(s.database, text.data(), text.size(), 0, scratch, on_match, &context) != HS_SUCCESS) fail("a scan failed");
#else
    RE2::Set::ErrorInfo error;
    if (s.set->Match(text, &s.hits, &error)) {
      for (int x : s.hits) found(s.criteria[x]);
    } else if (error.kind != RE2::Set::kNoError) {
      fail("no memory for a scan");
    }
#endif
  }
  for (int r : always)
    if (asked[r] != now) candidates.push_back(r);
  for (int r : candidates)
    if (condition(rules[r], e)) matched.push_back(r);
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) fail("expected one file");
  Reader reader = open(argv[1]);
  Engine engine;
  engine.read(reader);
  uint64_t start = processor_time();
  engine.build();
  std::cout << "built " << processor_time() - start << std::endl;
  size_t next = engine.first;
  std::string command;
  while (std::cin >> command) {
    uint64_t budget;
    std::cin >> budget;
    start = processor_time();
    if (command == "answers") {
      std::vector<std::vector<int>> answers;
      while (answers.size() < engine.events.size() && (answers.empty() || processor_time() - start < budget)) {
        engine.match(engine.events[answers.size()]);
        std::sort(engine.matched.begin(), engine.matched.end());
        answers.push_back(engine.matched);
      }
      std::cout << answers.size() << "\n";
      for (const auto &a : answers) {
        std::cout << a.size();
        for (int r : a) std::cout << " " << r;
        std::cout << "\n";
      }
      std::cout << std::flush;
      continue;
    }
    bool whole;
    std::cin >> whole;
    size_t done = 0;
    uint64_t used;
    do {
      size_t n = whole ? engine.events.size() - engine.first : std::max<size_t>(1, std::min<size_t>(200, done / 8));
      for (size_t i = 0; i < n; i++) {
        engine.match(engine.events[next]);
        if (++next == engine.events.size()) next = engine.first;
      }
      done += n;
      used = processor_time() - start;
    } while (used < budget);
    std::cout << done << " " << used << std::endl;
  }
}
