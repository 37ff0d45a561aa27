import { COMMON, prelude } from './prelude.ts';

/**
 * A queue, and one whose items are done. `max` is 0 without a bound. In hand is `gateway|client|number` of each item, by number. Several calls of a
 * gateway may put or get in one step.
 */
export const QUEUE = `${prelude('max', 'shut', 'config')}
local max, shut = tonumber(meta[3]), meta[4]
local joinable, redeliver = string.sub(meta[5], 1, 1) == 'j', string.sub(meta[5], 2, 2) == 'r'
local function length() return redis.call('LLEN', D) end
local function wakePutters(size)
  if max > 0 then wake(B, 'b', 0, max - size) end
end
local function held(prefix)
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', H)) do
    if string.sub(field, 1, #prefix) == prefix then table.insert(found, {tonumber(string.match(field, '%d+$')), field}) end
  end
  table.sort(found, function(x, y) return x[1] < y[1] end)
  return found
end
-- Only of that item, if one is given.
local function back(prefix, only)
  local found = held(prefix)
  for i = #found, 1, -1 do
    if only and redis.call('HGET', H, found[i][2]) ~= only then table.remove(found, i) end
  end
  for i = #found, 1, -1 do
    redis.call('LPUSH', D, redis.call('HGET', H, found[i][2]))
    redis.call('HDEL', H, found[i][2])
  end
  mortal(D)
  if #found > 0 then wake(A, 'a', 0, length()) end
  return #found
end
local function bury(each)
  if redeliver then back(each .. '|') end
  wake(A, 'a', 0, length())
  wakePutters(length())
end
local function done(n)
  if redis.call('HINCRBY', M, 'unfinished', -n) <= 0 then
    for _, each in ipairs(redis.call('ZRANGE', L, 0, -1)) do redis.call('PUBLISH', channel .. each, 'j' .. M) end
  end
end
${COMMON}
if op == 'put' then
  if shut then return {'SHUT'} end
  local wanted = #ARGV - 8
  local count, isInLine = wanted, false
  if max > 0 then
    local free = max - length()
    local rank
    rank, isInLine = before(B, free, a1 == '1')
    if not rank then
      if a2 == '0' then enter(B) end
      return {'WAIT'}
    end
    count = math.min(wanted, free - rank)
  end
  local size = 0
  -- The stack of Lua has room for some thousand values.
  for i = 9, 8 + count, 1000 do size = redis.call('RPUSH', D, unpack(ARGV, i, math.min(i + 999, 8 + count))) end
  if size == count then mortal(D) end
  if isInLine then redis.call('ZREM', B, gw) end
  if count < wanted and a2 == '0' then enter(B) end
  if joinable then redis.call('HINCRBY', M, 'unfinished', count) end
  wake(A, 'a', size - count, size)
  return keep({'OK', count})
end
if op == 'get' then
  local size = length()
  if size == 0 and shut then return {'SHUT'} end
  local rank, isInLine = before(A, size, a1 == '1')
  if not rank then
    if a2 == '0' then enter(A) end
    return {'WAIT'}
  end
  local count = math.min(tonumber(a3), size - rank)
  local reply = redis.call('LPOP', D, count)
  if redeliver then
    for _, item in ipairs(reply) do
      redis.call('HSET', H, gw .. '|' .. a4 .. '|' .. redis.call('HINCRBY', M, 'ticket', 1), item)
    end
    mortal(H)
    stay()
  end
  if isInLine then redis.call('ZREM', A, gw) end
  -- Each of a5 calls gets one item at least, or waits.
  if count < tonumber(a5) and a2 == '0' then enter(A) end
  wakePutters(size - count)
  if shut and size == count then wake(A, 'a', 0, 4294967296) end
  table.insert(reply, 1, 'OK')
  return keep(reply)
end
if op == 'back' then
  -- Items that nobody was there to take any more.
  for i = #ARGV, 7, -1 do redis.call('LPUSH', D, ARGV[i]) end
  mortal(D)
  wake(A, 'a', 0, length())
  return keep({'OK'})
end
if op == 'leave' then
  redis.call('ZREM', a1 == 'a' and A or B, gw)
  wake(A, 'a', 0, length())
  wakePutters(length())
  return {'OK'}
end
if op == 'done' then
  if redeliver then
    local mine = held(gw .. '|' .. a1 .. '|')[1]
    if not mine then return {'NONE'} end
    redis.call('HDEL', H, mine[2])
  elseif tonumber(redis.call('HGET', M, 'unfinished') or '0') <= 0 then
    return {'NONE'}
  end
  done(1)
  return keep({'OK'})
end
if op == 'unhand' then return keep({'OK', back(gw .. '|' .. a1 .. '|', a2)}) end
if op == 'join' then
  if tonumber(redis.call('HGET', M, 'unfinished') or '0') <= 0 then return {'OK'} end
  stay()
  return {'WAIT'}
end
if op == 'shut' then
  redis.call('HSET', M, 'shut', '1')
  local size = length()
  if a1 == '1' then
    redis.call('DEL', D)
    if joinable and size > 0 then done(size) end
  end
  wake(A, 'a', 0, 4294967296)
  wake(B, 'b', 0, 4294967296)
  return keep({'OK'})
end
return {length(), max, shut and 1 or 0}
`;
