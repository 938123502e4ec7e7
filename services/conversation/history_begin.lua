-- What every script on a conversation's history begins with.
--
-- KEYS[1]  hash: stamp of the store and generation, first offset before those
--          kept, top, change (new with each change), and a field "m:<id>" for
--          each mark, which says until when it holds
-- KEYS[2]  stream of entries: the ID is <offset>-0
-- ARGV[1]  something that is new each time
-- ARGV[2]  milliseconds for which all is kept
local nonce, ttl = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function changed()
  redis.call('HSET', KEYS[1], 'change', nonce)
end

local function keep()
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('PEXPIRE', KEYS[2], ttl)
end

local function id(offset)
  return string.format('%.0f-0', offset)
end

local known, marks = {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 2) == 'm:' then
    marks[string.sub(fields[i], 3)] = tonumber(fields[i + 1])
  else
    known[fields[i]] = fields[i + 1]
  end
end
known.first, known.top = tonumber(known.first), tonumber(known.top)

-- forget forgets the entries, and that nothing has changed.
local function forget()
  redis.call('DEL', KEYS[2])
  redis.call('HDEL', KEYS[1], 'stamp', 'first', 'top')
  changed()
  keep()
  known = { change = nonce }
end

-- A writer whose mark ran out may have written: what is known may be too little.
for m, til in pairs(marks) do
  if til <= now then
    redis.call('HDEL', KEYS[1], 'm:' .. m)
    marks[m] = nil
    forget()
  end
end
