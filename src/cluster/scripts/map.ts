import { COMMON, prelude } from './prelude.ts';

/**
 * A dict, and a value as a dict of one entry. Under each digest of a key `d` has the value and `h` the key, both sealed; `b` has the digests in the order
 * of their first `set`. `filled` says that the first values are there.
 */
export const MAP = `${prelude()}
local function bury() end
${COMMON}
local function put(digest, key, value)
  if redis.call('HSET', D, digest, value) == 1 then
    redis.call('HSET', H, digest, key)
    redis.call('ZADD', B, redis.call('HINCRBY', M, 'ticket', 1), digest)
  end
end
local function allMortal()
  for _, key in ipairs({D, H, B}) do mortal(key) end
end
local function putAll()
  for i = 7, #ARGV, 3 do put(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
  allMortal()
end
local function remove(digest)
  redis.call('HDEL', H, digest)
  redis.call('ZREM', B, digest)
  return redis.call('HDEL', D, digest)
end
if op == 'fill' then
  if redis.call('HSETNX', M, 'filled', '1') == 1 then putAll() end
  return keep({'OK'})
end
if op == 'set' then
  putAll()
  return keep({'OK'})
end
if op == 'replace' then
  -- Only if the value is still the one that the caller has seen.
  local value = redis.call('HGET', D, a1)
  local seen = value and redis.sha1hex(value) or ''
  if seen ~= a4 then return {'OTHER', value} end
  put(a1, a2, a3)
  allMortal()
  return keep({'OK'})
end
if op == 'get' then return {'OK', redis.call('HGET', D, a1)} end
if op == 'has' then return {redis.call('HEXISTS', D, a1)} end
if op == 'size' then return {redis.call('HLEN', D)} end
if op == 'entries' then
  local reply = {}
  for _, digest in ipairs(redis.call('ZRANGE', B, 0, -1)) do
    table.insert(reply, digest)
    table.insert(reply, redis.call('HGET', H, digest))
    table.insert(reply, redis.call('HGET', D, digest))
  end
  return reply
end
if op == 'remove' then
  local value = redis.call('HGET', D, a1)
  remove(a1)
  return keep({'OK', value})
end
redis.call('DEL', D, H, B)
return keep({'OK'})
`;
