/* A matcher of regular expressions that backtracks: letters, `.`, `[...]`, and `*`, `+`, `?` behind them. */
#include "programs.h"

enum { TEXT = 6000 };

static char text[TEXT + 1];

static const char *const patterns[] = {"[a-c]*d[aeiou]+f", "a.*b.?c", "x[0-9]+y*z", "e?e?e?e?eeee", "[a-z]+[0-9]"};

/* The end of the pattern's first element, without its repetition. */
static const char *element_end(const char *pattern) {
  if (*pattern != '[') return pattern + 1;
  while (*pattern != ']') pattern++;
  return pattern + 1;
}

static int matches_element(const char *pattern, char c) {
  if (!c) return 0;
  if (*pattern == '.') return 1;
  if (*pattern != '[') return *pattern == c;
  for (pattern++; *pattern != ']'; pattern++) {
    if (pattern[1] == '-') {
      if (pattern[0] <= c && c <= pattern[2]) return 1;
      pattern += 2;
    } else if (*pattern == c) {
      return 1;
    }
  }
  return 0;
}

/* The length of the longest-first match at the beginning of the text, or -1. */
static long match(const char *pattern, const char *at) {
  if (!*pattern) return 0;
  const char *end = element_end(pattern);
  long least = *end == '*' || *end == '?' ? 0 : 1;
  long most = *end == '*' || *end == '+' ? 40 : 1;
  const char *rest = end + (*end == '*' || *end == '+' || *end == '?');
  long count = 0;
  while (count < most && matches_element(pattern, at[count])) count++;
  for (; count >= least; count--) {
    long length = match(rest, at + count);
    if (length >= 0) return count + length;
  }
  return -1;
}

static void prepare(void) {
  static const char letters[] = "aaabbbcccdddeeeeeefiouxyz0123456789  ";
  uint64_t seed = 1;
  for (int i = 0; i < TEXT; i++) text[i] = letters[random_word(&seed) % (sizeof letters - 1)];
}

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  for (unsigned i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    for (long at = 0; at < TEXT; at++) {
      long length = match(patterns[i], text + at);
      if (length >= 0) hash = mix(hash, (uint64_t)(at * 64 + length));
    }
  }
  return hash;
}

const struct program regex_program = {"regex", 0, prepare, unit};
