/* AES-128 (FIPS 197): its example's key, as both AES programs use it. */
#ifndef AES_H
#define AES_H

#include <stdint.h>

enum { AES_BLOCK = 16, AES_ROUNDS = 10, AES_BLOCKS = 2048 };

/* Round keys in the order of memory. */
extern unsigned char aes_keys[AES_ROUNDS + 1][AES_BLOCK];

/* Fills the tables and expands the key. */
void aes_prepare(void);

/*
 * Encrypts a block many times over with the function. Gives its first half, or 0 when the function does not encrypt
 * the block of FIPS 197, appendix C.1, as that says.
 */
uint64_t aes_chain(void (*encrypt)(unsigned char *block));

#endif
