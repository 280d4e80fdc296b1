/* AES-128 (FIPS 197) with tables, in plain C. */
#include "aes.h"
#include "programs.h"

unsigned char aes_keys[AES_ROUNDS + 1][AES_BLOCK];

static unsigned char substitution[256];
/* The columns that a byte of the state adds to the product with MixColumns' matrix, by its row. */
static unsigned columns[4][256];

static unsigned char twice(unsigned char value) {
  return (unsigned char)(value << 1 ^ (value & 0x80 ? 0x1b : 0));
}

static unsigned char rotate_byte(unsigned char value, int count) {
  return (unsigned char)(value << count | value >> (8 - count));
}

static void fill_tables(void) {
  unsigned char power = 1, inverse = 1;
  /* power runs through the powers of 3, inverse through those of its inverse. */
  do {
    power ^= twice(power);
    inverse ^= (unsigned char)(inverse << 1);
    inverse ^= (unsigned char)(inverse << 2);
    inverse ^= (unsigned char)(inverse << 4);
    if (inverse & 0x80) inverse ^= 0x09;
    substitution[power] = inverse ^ rotate_byte(inverse, 1) ^ rotate_byte(inverse, 2) ^ rotate_byte(inverse, 3) ^
                          rotate_byte(inverse, 4) ^ 0x63;
  } while (power != 1);
  substitution[0] = 0x63;
  for (int i = 0; i < 256; i++) {
    unsigned s = substitution[i], two = twice((unsigned char)s), three = two ^ s;
    unsigned column = two | s << 8 | s << 16 | three << 24;
    for (int row = 0; row < 4; row++) columns[row][i] = row ? column << 8 * row | column >> (32 - 8 * row) : column;
  }
}

void aes_prepare(void) {
  fill_tables();
  unsigned char *keys = aes_keys[0], constant = 1;
  for (int i = 0; i < AES_BLOCK; i++) keys[i] = (unsigned char)i;
  for (int i = AES_BLOCK; i < (AES_ROUNDS + 1) * AES_BLOCK; i += 4) {
    unsigned char word[4] = {keys[i - 4], keys[i - 3], keys[i - 2], keys[i - 1]};
    if (i % AES_BLOCK == 0) {
      unsigned char first = word[0];
      for (int j = 0; j < 3; j++) word[j] = substitution[word[j + 1]];
      word[3] = substitution[first];
      word[0] ^= constant;
      constant = twice(constant);
    }
    for (int j = 0; j < 4; j++) keys[i + j] = keys[i - AES_BLOCK + j] ^ word[j];
  }
}

/* The ciphertext of FIPS 197, appendix C.1, as words of memory. */
static const uint64_t EXAMPLE = 0x30047b6ad8e0c469, EXAMPLE_END = 0x5ac5b47080b7cdd8;

uint64_t aes_chain(void (*encrypt)(unsigned char *block)) {
  union { unsigned char bytes[AES_BLOCK]; uint64_t halves[2]; } block;
  for (int i = 0; i < AES_BLOCK; i++) block.bytes[i] = (unsigned char)(i * 0x11);
  encrypt(block.bytes);
  if (block.halves[0] != EXAMPLE || block.halves[1] != EXAMPLE_END) return 0;
  for (int i = 1; i < AES_BLOCKS; i++) encrypt(block.bytes);
  return block.halves[0];
}

static void encrypt(unsigned char *block) {
  unsigned *state = (unsigned *)block;
  for (int i = 0; i < 4; i++) state[i] ^= ((unsigned *)aes_keys[0])[i];
  for (int round = 1; round < AES_ROUNDS; round++) {
    unsigned next[4];
    for (int i = 0; i < 4; i++) {
      next[i] = columns[0][state[i] & 255] ^ columns[1][state[(i + 1) & 3] >> 8 & 255] ^
                columns[2][state[(i + 2) & 3] >> 16 & 255] ^ columns[3][state[(i + 3) & 3] >> 24] ^
                ((unsigned *)aes_keys[round])[i];
    }
    for (int i = 0; i < 4; i++) state[i] = next[i];
  }
  unsigned char last[AES_BLOCK];
  for (int i = 0; i < AES_BLOCK; i++) {
    last[i] = substitution[block[(i + 4 * (i & 3)) & 15]] ^ aes_keys[AES_ROUNDS][i];
  }
  for (int i = 0; i < AES_BLOCK; i++) block[i] = last[i];
}

static uint64_t unit(void) {
  return aes_chain(encrypt);
}

const struct program aes_program = {"aes", 0, aes_prepare, unit};
