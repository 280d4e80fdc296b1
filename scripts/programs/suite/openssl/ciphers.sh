. ./data.sh

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

# What is sealed with a tag, with keys that are made at random.
for cipher in aes-128-gcm aes-256-gcm; do
  openssl cms -encrypt -binary -stream -outform DER -$cipher -secretkey ${key:0:32} -secretkeyid 01 -in data -out sealed
  openssl cms -decrypt -binary -inform DER -secretkey ${key:0:32} -secretkeyid 01 -in sealed | cmp - data && echo "$cipher returns"
done
