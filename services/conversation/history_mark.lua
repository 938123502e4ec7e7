-- ARGV: id, milliseconds for which the mark holds
redis.call('HSET', KEYS[1], 'm:' .. ARGV[3], string.format('%.0f', now + ARGV[4]))
changed()
keep()
return { 1 }
