/* What the benchmarks need of Linux and of a C library, so that one executable is the first process of any guest. */
#ifndef SYSTEM_H
#define SYSTEM_H

/* A system call of up to six arguments; a negative result is an error number. */
long call6(long number, long a, long b, long c, long d, long e, long f);

static inline long call3(long number, long a, long b, long c) {
  return call6(number, a, b, c, 0, 0, 0);
}

/* Nanoseconds of CLOCK_MONOTONIC. */
unsigned long now_ns(void);

int same_text(const char *a, const char *b);

/* A line of standard output: words and numbers with spaces between them, then end_line. */
void put_word(const char *text);
void put_number(unsigned long number);
void end_line(void);

/* Ends the process; powers the machine off if this is its first. */
void finish(void) __attribute__((noreturn));

/* Every program's own; _start calls it. */
int main(int argc, char **argv);

#endif
