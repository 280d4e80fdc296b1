/* AES-128 with the instructions for it. Compiled with -maes. */
#include <cpuid.h>
#include <wmmintrin.h>
#include "aes.h"
#include "programs.h"

enum { ROUNDS = 8 };

static const char *unavailable(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && c & bit_AES ? 0 : "no-AES-instructions";
}

static void encrypt(unsigned char *block) {
  const __m128i *keys = (const __m128i *)aes_keys;
  __m128i state = _mm_xor_si128(_mm_loadu_si128((const __m128i *)block), _mm_loadu_si128(keys));
  for (int round = 1; round < AES_ROUNDS; round++) state = _mm_aesenc_si128(state, _mm_loadu_si128(keys + round));
  _mm_storeu_si128((__m128i *)block, _mm_aesenclast_si128(state, _mm_loadu_si128(keys + AES_ROUNDS)));
}

static uint64_t unit(void) {
  uint64_t result = 0;
  for (int round = 0; round < ROUNDS; round++) result = aes_chain(encrypt);
  return result;
}

const struct program aes_ni_program = {"aes_ni", unavailable, aes_prepare, unit};
