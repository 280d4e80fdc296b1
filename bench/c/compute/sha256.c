/* SHA-256 (FIPS 180-4) in plain C. */
#include "programs.h"

enum { BLOCK = 64, BLOCKS = 512, ROUNDS = 64 };

static unsigned constants[ROUNDS], initial[8];
static unsigned char buffer[BLOCKS * BLOCK];

/* The first 32 bits of the fraction of a root of a small number: the largest r with r^power <= n * 2^(32 * power). */
static unsigned root_fraction(unsigned long n, int power) {
  unsigned long root = 0;
  for (int bit = 35; bit >= 0; bit--) {
    unsigned __int128 r = root | 1ul << bit, value = r * r;
    if (power == 3) {
      /* r^3 has up to 108 bits. */
      value *= r;
    }
    if (value <= (unsigned __int128)n << (32 * power)) root = (unsigned long)r;
  }
  return (unsigned)root;
}

static unsigned rotate(unsigned value, int count) {
  return value >> count | value << (32 - count);
}

static void add_block(unsigned *hash, const unsigned char *block) {
  unsigned w[ROUNDS], s[8];
  for (int i = 0; i < 16; i++) {
    w[i] = (unsigned)block[4 * i] << 24 | (unsigned)block[4 * i + 1] << 16 | (unsigned)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  }
  for (int i = 16; i < ROUNDS; i++) {
    unsigned a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
  for (int i = 0; i < 8; i++) s[i] = hash[i];
  for (int i = 0; i < ROUNDS; i++) {
    unsigned choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    unsigned majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    unsigned first = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + choice + constants[i] + w[i];
    unsigned second = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + majority;
    for (int j = 7; j > 0; j--) s[j] = s[j - 1];
    s[4] += first;
    s[0] = first + second;
  }
  for (int i = 0; i < 8; i++) hash[i] += s[i];
}

static void prepare(void) {
  unsigned long seed = 1;
  int count = 0;
  for (unsigned n = 2; count < ROUNDS; n++) {
    int prime = 1;
    for (unsigned i = 2; i * i <= n; i++) prime &= n % i != 0;
    if (!prime) continue;
    if (count < 8) initial[count] = root_fraction(n, 2);
    constants[count++] = root_fraction(n, 3);
  }
  for (int i = 0; i < BLOCKS * BLOCK; i++) buffer[i] = (unsigned char)random_word(&seed);
}

/* Whether the hash of "abc" begins as FIPS 180-4's example says. */
static int right(void) {
  unsigned hash[8];
  unsigned char block[BLOCK] = {'a', 'b', 'c', 0x80};
  block[BLOCK - 1] = 24;
  for (int i = 0; i < 8; i++) hash[i] = initial[i];
  add_block(hash, block);
  return hash[0] == 0xba7816bf && hash[7] == 0xf20015ad;
}

static unsigned long unit(void) {
  unsigned hash[8];
  if (!right()) return 0;
  for (int i = 0; i < 8; i++) hash[i] = initial[i];
  for (int i = 0; i < BLOCKS; i++) add_block(hash, buffer + i * BLOCK);
  return (unsigned long)hash[0] << 32 | hash[7];
}

const struct program sha256_program = {"sha256", 0, prepare, unit};
