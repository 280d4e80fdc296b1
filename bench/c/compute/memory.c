/* Copying, filling and measuring strings: with REP instructions, with SSE2, and with words as old code does. */
#include <emmintrin.h>
#include "programs.h"

enum { SIZE = 64 << 10, SMALL = 48, ROUNDS = 8, STRING = 1000 };

static char from[SIZE + 64], to[SIZE + 64];

static void copy_rep(void *target, const void *source, unsigned long size) {
  __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(size) : : "memory");
}

static void fill_rep(void *target, unsigned long value, unsigned long words) {
#ifdef __x86_64__
  __asm__ volatile("rep stosq" : "+D"(target), "+c"(words) : "a"(value) : "memory");
#else
  __asm__ volatile("rep stosl" : "+D"(target), "+c"(words) : "a"(value) : "memory");
#endif
}

static void copy_sse(char *target, const char *source, unsigned long size) {
  for (unsigned long i = 0; i < size; i += 16) {
    _mm_storeu_si128((__m128i *)(target + i), _mm_loadu_si128((const __m128i *)(source + i)));
  }
}

static unsigned long length_sse(const char *string) {
  const __m128i zero = _mm_setzero_si128();
  for (const char *at = string;; at += 16) {
    int zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at), zero));
    if (zeros) return (unsigned long)(at - string) + (unsigned long)__builtin_ctz((unsigned)zeros);
  }
}

static unsigned long length_bytes(const char *string) {
  const char *at = string;
  while (*at) at++;
  return (unsigned long)(at - string);
}

static void copy_words(void *target, const void *source, unsigned long size) {
  volatile unsigned long *out = target;
  const unsigned long *in = source;
  for (unsigned long i = 0; i < size / sizeof *out; i++) out[i] = in[i];
}

static void prepare(void) {
  uint64_t seed = 1;
  for (int i = 0; i < SIZE; i++) from[i] = (char)(random_word(&seed) | 1);
  for (int i = STRING; i < SIZE; i += STRING) from[i] = 0;
}

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  for (unsigned long round = 0; round < ROUNDS; round++) {
    fill_rep(to, round * (~0ul / 255), SIZE / sizeof(long));
    hash = mix(hash, (unsigned char)to[SIZE - 1]);
    copy_rep(to, from + round, SIZE);
    copy_sse(to + 1, from + round, SIZE);
    copy_words(to + 8, from + round * 8, SIZE / 2);
    for (int i = 0; i + SMALL < SIZE / 16; i += SMALL) copy_rep(to + i + 1, from + i, SMALL - 1);
    for (int i = 0; i + STRING < SIZE; i += STRING) {
      hash = mix(hash, i % 3 ? length_sse(from + i + 1) : length_bytes(from + i + 1));
    }
    for (int i = 0; i < SIZE; i += 61) hash = mix(hash, (unsigned char)to[i]);
  }
  return hash;
}

const struct program memory_program = {"memory", 0, prepare, unit};
