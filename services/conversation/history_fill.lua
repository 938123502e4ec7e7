-- ARGV: stamp, change, offset of the first entry, top, entries
local stamp, change, first, top = ARGV[3], ARGV[4], tonumber(ARGV[5]) - 1, tonumber(ARGV[6])
if next(marks) or (known.change or '') ~= change then
  return { 0 }
end
if known.stamp == stamp and known.top and (known.top > top or known.top == top and known.first <= first) then
  return { 0 } -- it is longer
end
redis.call('DEL', KEYS[2])
for i = 7, #ARGV do
  redis.call('XADD', KEYS[2], id(first + i - 6), 'e', ARGV[i])
end
redis.call('HSET', KEYS[1], 'stamp', stamp, 'first', first, 'top', top)
keep()
return { 1 }
