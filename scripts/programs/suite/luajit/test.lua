-- Loops hot enough to be compiled: numbers, tables, strings, closures, coroutines, C data.
local bit, ffi = require('bit'), require('ffi')

local sum = 0
for i = 1, 1000000 do sum = sum + i % 7 * 0.5 - math.sin(i) / i end
print(string.format('%.17g', sum))

local x = 1
for i = 1, 300000 do x = bit.bxor(bit.rol(x, 5), bit.tobit(i * 2654435)) end
print(bit.tohex(x))

local function mandelbrot(size)
  local inside = 0
  for row = 0, size - 1 do
    for column = 0, size - 1 do
      local cr, ci, zr, zi, n = column * 3 / size - 2, row * 2 / size - 1, 0, 0, 0
      while n < 50 and zr * zr + zi * zi < 4 do
        zr, zi, n = zr * zr - zi * zi + cr, 2 * zr * zi + ci, n + 1
      end
      inside = inside + n
    end
  end
  return inside
end
print(mandelbrot(160))

local sieve, primes = {}, 0
for i = 2, 100000 do
  if not sieve[i] then
    primes = primes + 1
    for k = i * i, 100000, i do sieve[k] = true end
  end
end
print(primes)

local numbers = {}
for i = 1, 20000 do numbers[i] = i * 7919 % 10007 end
table.sort(numbers)
print(numbers[1], numbers[10000], numbers[20000], #table.concat(numbers, ','))

local words = {}
for i = 1, 20000 do words[#words + 1] = string.rep(string.char(97 + i % 26), i % 5) end
local text, count = table.concat(words, ' '), 0
for word in text:gmatch('%a+') do if word:find('^[aeiou]+$') then count = count + #word end end
print(count, #text, (text:gsub('(%a)%1', '%1')):sub(1, 40))

local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(24))

local generator = coroutine.wrap(function() for i = 1, 10000 do coroutine.yield(i * i) end return 0 end)
local total = 0
for value in generator do
  total = total + value
  if value == 0 then break end
end
print(total)

ffi.cdef 'typedef struct { double x, y; float f; int64_t n; uint8_t b[8]; } thing;'
local things = ffi.new('thing[1000]')
for i = 0, 99999 do
  local thing = things[i % 1000]
  thing.x, thing.f, thing.n = thing.x + i * 0.1, thing.f + 0.25, thing.n + i * 1000003LL
  thing.b[i % 8] = thing.b[i % 8] + i
end
print(string.format('%.17g %.9g', things[999].x, things[500].f), things[777].n, things[1].b[1], things[2].b[7])
print(12345678901234LL * 987654321LL, -7LL / 2LL, -7LL % 4LL, 0xffffffffffffffffULL / 3ULL)
print(1 / 0, -1 / 0, 0 / 0 ~= 0 / 0, math.huge, 2 ^ 53, -2 ^ 0.5, 10 % -3, math.floor(-0.5), math.fmod(-7, 3))
print(string.format('%a %e %g %5.2f %x', 0.1, 12345.678, 1e-5, math.pi, 255))
print(pcall(error, 'caught'))
