/**
 * Returns the beginning of a script; see ../README.md, "A call" and "Waiting". It reads `inc`, `named` and `fields` of the object into `meta`. A type adds
 * `bury(gateway)`, which gives back what a dead gateway held, and ends with its steps. `allow-oom`: a server that is full must still let go of
 * things; a step that stores something looks itself. Each command costs a microsecond, so none is sent that changes nothing.
 */
export function prelude(...fields: readonly string[]): string {
  return `#!lua flags=allow-oom
local M, D, A, B, L, O, T, H = unpack(KEYS)
local op, gw, lease, seq, inc, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local a1, a2, a3, a4, a5, a6 = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local known = redis.call('GET', O)
if known then
  local blank = string.find(known, ' ', 1, true)
  local last = string.sub(known, 1, blank - 1)
  if last == seq then return cmsgpack.unpack(string.sub(known, blank + 1)) end
  -- A copy of a call that was answered long ago: nobody hears this.
  if tonumber(last) > tonumber(seq) then return {'LATE'} end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local meta = redis.call('HMGET', M, ${['inc', 'named', ...fields].map((field) => `'${field}'`).join(', ')})
local isNamed = meta[2] == '1'
${FUNCTIONS}`;
}

const FUNCTIONS = `
local function keep(reply)
  redis.call('SET', O, seq .. ' ' .. cmsgpack.pack(reply), 'PX', lease)
  return reply
end
local function wake(line, letter, from, to)
  if to <= from then return end
  for _, each in ipairs(redis.call('ZRANGE', line, from, to - 1)) do redis.call('PUBLISH', channel .. each, letter .. M) end
end
-- A key of an object without a name must not stay when nobody renews it.
local function mortal(key)
  if not isNamed then redis.call('PEXPIRE', key, lease) end
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
-- How many come before this gateway, which is in the line if the second value is true; nil if it must wait.
local function before(line, available, first)
  local count, rank = redis.call('ZCARD', line), false
  if count > 0 then
    rank = redis.call('ZRANK', line, gw)
    if rank and not first then return nil end
  end
  if (rank or count) < available then return rank or count, rank end
end
local function temporary()
  for _, key in ipairs({M, D, A, B, L, T, H}) do mortal(key) end
end

if op == 'open' then
  if not meta[1] then
    redis.call('HSET', M, 'inc', inc, 'type', a1, 'config', a2, 'print', a3, 'named', a4, unpack(ARGV, 11))
    isNamed = a4 == '1'
  elseif a4 == '0' and meta[1] ~= inc then
    -- Another program has it, too: it goes when nobody renews it.
    redis.call('HSET', M, 'lent', '1')
  end
  temporary()
  return redis.call('HMGET', M, 'inc', 'type', 'config', 'print')
end
if op == 'delete' then
  if not meta[1] then return keep({0}) end
  redis.call('SET', T, meta[1], 'PX', lease)
  for _, each in ipairs(redis.call('ZRANGE', L, 0, -1)) do redis.call('PUBLISH', channel .. each, 'x' .. M) end
  redis.call('DEL', M, D, A, B, L, H)
  return keep({1})
end
if meta[1] ~= inc then return {'GONE', redis.call('GET', T) == inc and 1 or 0} end
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
