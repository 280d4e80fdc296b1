#include "harness.h"
#include "system.h"

enum { MAX_MARKS = 8, NS_PER_MS = 1000000 };

static unsigned parse_marks(const char *text, unsigned long *marks) {
  unsigned count = 0;
  while (*text && count < MAX_MARKS) {
    unsigned long value = 0;
    while (*text >= '0' && *text <= '9') value = value * 10 + (unsigned long)(*text++ - '0');
    marks[count++] = value;
    if (*text) text++;
  }
  return count;
}

static void put_work(const char *name, unsigned long mark, unsigned long units, unsigned long ns, unsigned long result) {
  put_word("work");
  put_word(name);
  put_number(mark);
  put_number(units);
  put_number(ns);
  put_number(result);
  end_line();
}

static void run(const struct program *program, const unsigned long *marks, unsigned count) {
  const char *reason = program->unavailable ? program->unavailable() : 0;
  if (reason) {
    put_word("skip");
    put_word(program->name);
    put_word(reason);
    end_line();
    return;
  }
  if (program->prepare) program->prepare();
  put_word("begin");
  put_word(program->name);
  end_line();
  unsigned long start = now_ns();
  unsigned long units = 0, first = 0;
  for (unsigned mark = 0; mark < count;) {
    unsigned long result = program->unit();
    unsigned long ns = now_ns() - start;
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

static int chosen(const char *name, int argc, char **argv) {
  if (argc < 3) return 1;
  for (int i = 2; i < argc; i++) {
    if (same_text(argv[i], name)) return 1;
  }
  return 0;
}

void run_programs(const struct program *const *programs, int argc, char **argv) {
  unsigned long marks[MAX_MARKS];
  unsigned count = argc > 1 ? parse_marks(argv[1], marks) : 0;
  end_line(); /* what firmware or kernel wrote last may not have ended its line */
  for (; *programs; programs++) {
    if (chosen((*programs)->name, argc, argv)) run(*programs, marks, count);
  }
}
