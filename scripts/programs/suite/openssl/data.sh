# What all of them begin with: 64 MB that do not repeat, from fixed keys, so that outputs are the same every time.
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
iv=0f0e0d0c0b0a09080706050403020100
cd /tmp
openssl enc -aes-256-ctr -K $key -iv $iv -in /dev/zero 2>/dev/null | head -c 64000000 >data
sha256sum data
