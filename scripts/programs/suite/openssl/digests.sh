. ./data.sh

for digest in md5 sha1 sha224 sha256 sha384 sha512 sha512-256 sha3-256 sha3-512 shake256 blake2b512 blake2s256 ripemd160 sm3; do
  openssl dgst -$digest data
done
openssl dgst -sha256 -hmac secret data
openssl dgst -mac poly1305 -macopt hexkey:$key data
openssl mac -cipher aes-128-cbc -macopt hexkey:${key:0:32} -in data cmac
openssl mac -cipher aes-256-gcm -macopt hexkey:$key -macopt hexiv:${iv:0:24} -in data gmac
