/* Programs that do a unit of work again and again, and how much of it they get done in given times. */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdint.h>

struct program {
  const char *name;
  /* Why this processor cannot run it, or 0; may be null. */
  const char *(*unavailable)(void);
  /* What comes before the time starts; may be null. */
  void (*prepare)(void);
  /*
   * A unit of work: about a millisecond of a fast processor. The result is the same each time and on each machine, of 32 bits
   * or 64; 0 says that a check of the program's own failed.
   */
  uint64_t (*unit)(void);
};

/*
 * Runs the programs named in the arguments, or all of them: `PROGRAM MARK,MARK,... [in-turn] [NAME...]`, with marks in
 * milliseconds, ascending. With `in-turn` each is run when a line of standard input has come, for which "ready NAME" asks.
 * Prints for each program, as it starts and when the first unit ends after each mark:
 *   begin NAME
 *   work NAME MARK UNITS NANOSECONDS RESULT
 * or "skip NAME REASON", or "wrong NAME UNIT RESULT FIRST_RESULT" when a unit's result is 0 or not the first one's.
 */
void run_programs(const struct program *const *programs, int argc, char **argv);

/* A pseudorandom sequence: Knuth's MMIX generator, its high half. */
static inline unsigned random_word(uint64_t *state) {
  *state = *state * 6364136223846793005 + 1442695040888963407;
  return (unsigned)(*state >> 32);
}

/* The numbers from 0 to count - 1 in random order, the same each time. */
static inline void shuffled(unsigned *order, unsigned count) {
  uint64_t seed = 1;
  for (unsigned i = 0; i < count; i++) order[i] = i;
  for (unsigned i = count - 1; i > 0; i--) {
    unsigned j = random_word(&seed) % (i + 1), old = order[i];
    order[i] = order[j];
    order[j] = old;
  }
}

/* The 64-bit FNV-1a hash with words in place of bytes. */
static inline uint64_t mix(uint64_t hash, uint64_t value) {
  return (hash ^ value) * 0x100000001b3;
}
enum { MIX_START = 0x811c9dc5 };

#endif
