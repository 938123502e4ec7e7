-- ARGV: stamp, after, limit
-- Gives the change, the top (-1: not known, or about to change), and entries.
local stamp, after, limit = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local unknown = { known.change or '', -1 }
if next(marks) or known.stamp ~= stamp or not known.top then
  return unknown
end
if after > known.top then
  after = known.top
end
if after < known.first then
  return unknown
end
local n = math.min(limit, known.top - after)
local reply = { known.change or '', known.top }
if n < 1 then
  return reply
end
local entries = redis.call('XRANGE', KEYS[2], id(after + 1), '+', 'COUNT', n)
if #entries ~= n then -- the server has thrown them away
  forget()
  return { nonce, -1 }
end
for _, e in ipairs(entries) do
  reply[#reply + 1] = e[2][2]
end
return reply
