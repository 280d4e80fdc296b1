/* SHA-256 (FIPS 180-4) in plain C. */
#include "programs.h"

enum { BLOCK = 64, BLOCKS = 512, ROUNDS = 64 };

/* The first 32 bits of the fractions of the roots of the first primes: cube roots of 64, and square roots of 8. */
static const unsigned constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static const unsigned initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static unsigned char buffer[BLOCKS * BLOCK];

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
  uint64_t seed = 1;
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

static uint64_t unit(void) {
  unsigned hash[8];
  if (!right()) return 0;
  for (int i = 0; i < 8; i++) hash[i] = initial[i];
  for (int i = 0; i < BLOCKS; i++) add_block(hash, buffer + i * BLOCK);
  return (uint64_t)hash[0] << 32 | hash[7];
}

const struct program sha256_program = {"sha256", 0, prepare, unit};
