/**
 * The beginning of every script; see ../README.md, "A call" and "Waiting". A type adds `bury(gateway)`, which gives back what a dead gateway
 * held, and ends with its steps. `allow-oom`: a server that is full must still let go of things; a step that stores something looks itself.
 */
export const PRELUDE = `#!lua flags=allow-oom
local M, D, A, B, L, O, T, H = unpack(KEYS)
local op, gw, lease, seq, inc, channel = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[6], ARGV[7]
local a1, a2, a3, a4, a5, a6 = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function keep(reply)
  redis.call('HSET', O, seq, cmsgpack.pack(reply))
  redis.call('PEXPIRE', O, lease)
  return reply
end
local function wake(line, letter, from, to)
  if to <= from then return end
  for _, each in ipairs(redis.call('ZRANGE', line, from, to - 1)) do redis.call('PUBLISH', channel .. each, letter .. M) end
end
-- A key of an object without a name must not stay when nobody renews it.
local function mortal(key)
  if redis.call('HGET', M, 'named') ~= '1' then redis.call('PEXPIRE', key, lease) end
end
local function stay()
  redis.call('ZADD', L, now + lease, gw)
  mortal(L)
end
local function enter(line)
  if not redis.call('ZRANK', line, gw) then redis.call('ZADD', line, redis.call('HINCRBY', M, 'ticket', 1), gw) end
  mortal(line)
  stay()
end
-- How many come before this gateway; nil if it must wait.
local function before(line, available, first)
  local rank = redis.call('ZRANK', line, gw)
  if rank and not first then return nil end
  rank = rank or redis.call('ZCARD', line)
  if rank < available then return rank end
end
local function temporary()
  if redis.call('HGET', M, 'named') == '1' then return end
  for _, key in ipairs({M, D, A, B, L, T, H}) do redis.call('PEXPIRE', key, lease) end
end

for ack in string.gmatch(ARGV[5], '%d+') do redis.call('HDEL', O, ack) end
local known = redis.call('HGET', O, seq)
if known then return cmsgpack.unpack(known) end
if op == 'open' then
  if redis.call('EXISTS', M) == 0 then
    redis.call('HSET', M, 'inc', inc, 'type', a1, 'config', a2, 'print', a3, 'named', a4, unpack(ARGV, 12))
  elseif a4 == '0' and redis.call('HGET', M, 'inc') ~= inc then
    -- Another program has it, too: it goes when nobody renews it.
    redis.call('HSET', M, 'lent', '1')
  end
  temporary()
  return redis.call('HMGET', M, 'inc', 'type', 'config', 'print')
end
if op == 'delete' then
  if redis.call('EXISTS', M) == 0 then return keep({0}) end
  redis.call('SET', T, redis.call('HGET', M, 'inc'), 'PX', lease)
  for _, each in ipairs(redis.call('ZRANGE', L, 0, -1)) do redis.call('PUBLISH', channel .. each, 'x' .. M) end
  redis.call('DEL', M, D, A, B, L, H)
  return keep({1})
end
if redis.call('HGET', M, 'inc') ~= inc then return {'GONE', redis.call('GET', T) == inc and 1 or 0} end
`;

/** Stands after `bury`: the dead are buried, and the steps that all types have are taken. */
export const COMMON = `
for _, each in ipairs(redis.call('ZRANGEBYSCORE', L, '-inf', now)) do
  redis.call('ZREM', L, each)
  redis.call('ZREM', A, each)
  redis.call('ZREM', B, each)
  bury(each)
end
if op == 'renew' then
  local is = redis.call('ZSCORE', L, gw)
  if is then stay() end
  temporary()
  return {is and 1 or 0}
end
if op == 'drop' then
  if redis.call('HGET', M, 'lent') then return {0} end
  redis.call('DEL', M, D, A, B, L, H)
  return {1}
end
`;
