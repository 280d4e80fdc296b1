# Everything is made from fixed keys, so that all outputs are the same every time.
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
iv=0f0e0d0c0b0a09080706050403020100
cd /tmp

# 64 MB that do not repeat.
openssl enc -aes-256-ctr -K $key -iv $iv -in /dev/zero 2>/dev/null | head -c 64000000 >data
sha256sum data

for digest in md5 sha1 sha224 sha256 sha384 sha512 sha512-256 sha3-256 sha3-512 shake256 blake2b512 blake2s256 ripemd160 sm3; do
  openssl dgst -$digest data
done
openssl dgst -sha256 -hmac secret data
openssl dgst -mac poly1305 -macopt hexkey:$key data
openssl mac -cipher aes-128-cbc -macopt hexkey:${key:0:32} -in data cmac

# What goes over all of it is what has code for AVX and AES; the others are as slow as their C code.
head -c 8000000 data >some
for cipher in aes-128-ecb aes-128-cbc aes-192-ctr aes-256-cbc aes-256-ctr chacha20 \
  aes-128-ofb aes-256-cfb camellia-256-cbc aria-128-ctr sm4-cbc des-ede3-cbc; do
  from=data
  [[ $cipher =~ ofb|cfb|camellia|aria|sm4|des ]] && from=some
  size=$(openssl enc -$cipher -K $key -iv $iv -P 2>/dev/null | sed -n 's/^key=//p' | tr -d '\n' | wc -c)
  openssl enc -$cipher -K ${key:0:size} -iv $iv -in $from -out sealed 2>/dev/null
  echo "$cipher $(openssl dgst -r -sha256 sealed)"
  openssl enc -d -$cipher -K ${key:0:size} -iv $iv -in sealed 2>/dev/null | cmp - $from && echo "$cipher returns"
done
rm -f sealed

# Public keys: keys made here, each used both ways; what random numbers were in is only checked.
openssl dgst -sha256 -binary data >digest
for kind in 'RSA -pkeyopt rsa_keygen_bits:2048' 'RSA -pkeyopt rsa_keygen_bits:4096' 'EC -pkeyopt ec_paramgen_curve:P-256' \
  'EC -pkeyopt ec_paramgen_curve:P-384' 'EC -pkeyopt ec_paramgen_curve:P-521' 'EC -pkeyopt ec_paramgen_curve:secp256k1'; do
  openssl genpkey -algorithm $kind -out key.pem 2>/dev/null
  openssl pkey -in key.pem -pubout -out public.pem
  openssl dgst -sha256 -sign key.pem -out signature digest
  echo "$kind: $(openssl dgst -sha256 -verify public.pem -signature signature digest)"
  printf x >>digest
  openssl dgst -sha256 -verify public.pem -signature signature digest >/dev/null 2>&1 || echo "$kind: refuses another text"
  truncate -s -1 digest
done
for curve in ED25519 ED448; do
  openssl genpkey -algorithm $curve -out key.pem
  openssl pkeyutl -sign -rawin -inkey key.pem -in digest -out signature
  echo "$curve: $(openssl pkeyutl -verify -rawin -inkey key.pem -in digest -sigfile signature)"
done
for curve in X25519 X448 'EC -pkeyopt ec_paramgen_curve:P-256'; do
  for who in a b; do
    openssl genpkey -algorithm $curve -out $who.pem
    openssl pkey -in $who.pem -pubout -out $who.pub
  done
  openssl pkeyutl -derive -inkey a.pem -peerkey b.pub -out ab
  openssl pkeyutl -derive -inkey b.pem -peerkey a.pub -out ba
  cmp ab ba && echo "$curve agrees"
done

# A signature and a shared secret without random numbers, from keys of fixed bytes (RFC 8032 and 7748, in PKCS #8).
fixed() { printf "$(printf '302e020100300506032b65%s04220420%s' "$1" $key | sed 's/../\\x&/g')"; }
fixed 70 | openssl pkey -inform DER -out key.pem
openssl pkeyutl -sign -rawin -inkey key.pem -in digest | openssl dgst -sha256
fixed 6e | openssl pkey -inform DER -out key.pem
openssl pkey -in key.pem -pubout -out public.pem
openssl pkeyutl -derive -inkey key.pem -peerkey public.pem | openssl dgst -sha256
