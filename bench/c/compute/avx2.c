/* Loops over 32 bytes at a time: sums of products, a byte shuffle, and floats. Compiled with -mavx2. */
#include <cpuid.h>
#include <immintrin.h>
#include "programs.h"

enum { SIZE = 16 << 10, ROUNDS = 8 };

static short left[SIZE], right[SIZE];
static float x[SIZE], y[SIZE];

static const char *unavailable(void) {
  enum { YMM_STATE = 6 };
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return "no-AVX2";
  unsigned enabled, high;
  __asm__ volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
  if ((enabled & YMM_STATE) != YMM_STATE) return "AVX-not-enabled";
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_AVX2 ? 0 : "no-AVX2";
}

static void prepare(void) {
  uint64_t seed = 1;
  for (int i = 0; i < SIZE; i++) {
    left[i] = (short)random_word(&seed);
    right[i] = (short)random_word(&seed);
    x[i] = (float)(random_word(&seed) >> 8);
  }
}

static uint64_t sum_products(void) {
  __m256i sum = _mm256_setzero_si256();
  const __m256i reverse = _mm256_broadcastsi128_si256(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (int i = 0; i < SIZE; i += 16) {
    __m256i a = _mm256_loadu_si256((const __m256i *)(left + i)), b = _mm256_loadu_si256((const __m256i *)(right + i));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, _mm256_shuffle_epi8(b, reverse)));
    sum = _mm256_xor_si256(sum, _mm256_permute4x64_epi64(_mm256_max_epi16(a, b), 0x4e));
  }
  uint64_t words[4], hash = MIX_START;
  _mm256_storeu_si256((__m256i *)words, sum);
  for (int i = 0; i < 4; i++) hash = mix(hash, words[i]);
  return hash;
}

static uint64_t scale(float factor) {
  uint64_t hash = MIX_START;
  const __m256 factors = _mm256_set1_ps(factor), bound = _mm256_set1_ps(1e7f);
  for (int i = 0; i < SIZE; i += 8) {
    __m256 value = _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), factors), _mm256_set1_ps(0.5f));
    _mm256_storeu_ps(y + i, _mm256_min_ps(_mm256_sqrt_ps(value), bound));
  }
  for (int i = 0; i < SIZE; i += 1000) {
    union { float number; unsigned bits; } value = {y[i]};
    hash = mix(hash, value.bits);
  }
  return hash;
}

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  for (int round = 0; round < ROUNDS; round++) hash = mix(mix(hash, sum_products()), scale((float)round));
  return hash;
}

const struct program avx2_program = {"avx2", unavailable, prepare, unit};
