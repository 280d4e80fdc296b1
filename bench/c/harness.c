#include "harness.h"
#include "system.h"

enum { MAX_MARKS = 8, NS_PER_MS = 1000000 };

static unsigned parse_marks(const char *text, uint64_t *marks) {
  unsigned count = 0;
  while (*text && count < MAX_MARKS) {
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9') value = value * 10 + (uint64_t)(*text++ - '0');
    marks[count++] = value;
    if (*text) text++;
  }
  return count;
}

static void put_work(const char *name, uint64_t mark, uint64_t units, uint64_t ns, uint64_t result) {
  put_word("work");
  put_word(name);
  put_number(mark);
  put_number(units);
  put_number(ns);
  put_number(result);
  end_line();
}

static void run(const struct program *program, const uint64_t *marks, unsigned count, int in_turn) {
  const char *reason = program->unavailable ? program->unavailable() : 0;
  if (reason) {
    put_word("skip");
    put_word(program->name);
    put_word(reason);
    end_line();
    return;
  }
  if (program->prepare) program->prepare();
  if (in_turn) {
    put_word("ready");
    put_word(program->name);
    end_line();
    await_line();
  }
  put_word("begin");
  put_word(program->name);
  end_line();
  uint64_t start = now_ns();
  uint64_t units = 0, first = 0;
  for (unsigned mark = 0; mark < count;) {
    uint64_t result = program->unit();
    uint64_t ns = now_ns() - start;
    units++;
    if (units == 1) first = result;
    if (result != first || result == 0) {
      put_word("wrong");
      put_word(program->name);
      put_number(units);
      put_number(result);
      put_number(first);
      end_line();
      return;
    }
    for (; mark < count && ns >= marks[mark] * NS_PER_MS; mark++) put_work(program->name, marks[mark], units, ns, result);
  }
}

/* By the arguments from `first` on. */
static int chosen(const char *name, int first, int argc, char **argv) {
  if (argc <= first) return 1;
  for (int i = first; i < argc; i++) {
    if (same_text(argv[i], name)) return 1;
  }
  return 0;
}

void run_programs(const struct program *const *programs, int argc, char **argv) {
  uint64_t marks[MAX_MARKS];
  unsigned count = argc > 1 ? parse_marks(argv[1], marks) : 0;
  int in_turn = argc > 2 && same_text(argv[2], "in-turn");
  end_line(); /* what firmware or kernel wrote last may not have ended its line */
  for (; *programs; programs++) {
    if (chosen((*programs)->name, in_turn ? 3 : 2, argc, argv)) run(*programs, marks, count, in_turn);
  }
}
