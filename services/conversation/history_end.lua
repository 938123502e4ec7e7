-- ARGV: what came of it, id of the mark; for put also stamp, offset, most entries, entry (empty: too large to keep)
local what, mark = ARGV[3], ARGV[4]
if what == 'drop' then
  for m in pairs(marks) do -- what they put would be of the time before
    redis.call('HDEL', KEYS[1], 'm:' .. m)
  end
  forget()
  return { 1 }
end
if not marks[mark] then -- it ran out, or was dropped
  forget()
  return { 0 }
end
redis.call('HDEL', KEYS[1], 'm:' .. mark)
if what == 'keep' then
  return { 1 }
end
local stamp, offset, most, entry = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
changed()
local same = known.stamp == stamp and known.top
if same and offset <= known.top then -- a later one was first
  keep()
  return { 1 }
end
if not same or offset ~= known.top + 1 or entry == '' then -- those before are not known
  redis.call('DEL', KEYS[2])
  known.first = offset - 1
end
if entry == '' then
  known.first = offset
else
  redis.call('XADD', KEYS[2], 'MAXLEN', most, id(offset), 'e', entry)
  known.first = math.max(known.first, offset - most)
end
redis.call('HSET', KEYS[1], 'stamp', stamp, 'first', known.first, 'top', offset)
keep()
return { 1 }
