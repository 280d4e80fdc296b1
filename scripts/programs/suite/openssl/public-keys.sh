. ./data.sh

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
for kind in X25519 X448 'EC -pkeyopt ec_paramgen_curve:P-256' 'DH -pkeyopt group:ffdhe2048'; do
  for who in a b; do
    openssl genpkey -algorithm $kind -out $who.pem
    openssl pkey -in $who.pem -pubout -out $who.pub
  done
  openssl pkeyutl -derive -inkey a.pem -peerkey b.pub -out ab
  openssl pkeyutl -derive -inkey b.pem -peerkey a.pub -out ba
  cmp ab ba && echo "$kind: both agree"
done

# A signature and a shared secret without random numbers, from keys of fixed bytes (RFC 8032 and 7748, in PKCS #8).
fixed() { printf "$(printf '302e020100300506032b65%s04220420%s' "$1" $key | sed 's/../\\x&/g')"; }
fixed 70 | openssl pkey -inform DER -out key.pem
openssl pkeyutl -sign -rawin -inkey key.pem -in digest | openssl dgst -sha256
fixed 6e | openssl pkey -inform DER -out key.pem
openssl pkey -in key.pem -pubout -out public.pem
openssl pkeyutl -derive -inkey key.pem -peerkey public.pem | openssl dgst -sha256
