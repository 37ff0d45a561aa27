import { COMMON, PRELUDE } from './prelude.ts';

/** A queue, and one whose items are done. `max` is 0 without a bound. In hand is `gateway|client|number` of each item, by number. */
export const QUEUE = `${PRELUDE}
local meta = redis.call('HMGET', M, 'max', 'shut', 'config')
local max, shut, size = tonumber(meta[1]), meta[2], redis.call('LLEN', D)
local joinable, redeliver = string.sub(meta[3], 1, 1) == 'j', string.sub(meta[3], 2, 2) == 'r'
local function room() return max == 0 and 4294967296 or max - redis.call('LLEN', D) end
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
  size = redis.call('LLEN', D)
  if #found > 0 then wake(A, 'a', 0, size) end
  return #found
end
local function bury(each)
  if redeliver then back(each .. '|') end
  wake(A, 'a', 0, size)
  wake(B, 'b', 0, room())
end
local function done(n)
  if redis.call('HINCRBY', M, 'unfinished', -n) <= 0 then
    for _, each in ipairs(redis.call('ZRANGE', L, 0, -1)) do redis.call('PUBLISH', channel .. each, 'j' .. M) end
  end
end
${COMMON}
if op == 'put' then
  if shut then return {'SHUT'} end
  local free = room()
  local rank = before(B, free, a1 == '1')
  if not rank then
    if a2 == '0' then enter(B) end
    return {'WAIT'}
  end
  local count = math.min(#ARGV - 9, free - rank)
  for i = 10, 9 + count do redis.call('RPUSH', D, ARGV[i]) end
  redis.call('ZREM', B, gw)
  if joinable then redis.call('HINCRBY', M, 'unfinished', count) end
  wake(A, 'a', size, size + count)
  mortal(D)
  return keep({'OK', count})
end
if op == 'get' then
  if size == 0 and shut then return {'SHUT'} end
  local rank = before(A, size, a1 == '1')
  if not rank then
    if a2 == '0' then enter(A) end
    return {'WAIT'}
  end
  local reply = {'OK'}
  for _ = 1, math.min(tonumber(a3), size - rank) do
    local item = redis.call('LPOP', D)
    table.insert(reply, item)
    if redeliver then
      redis.call('HSET', H, gw .. '|' .. a4 .. '|' .. redis.call('HINCRBY', M, 'ticket', 1), item)
      mortal(H)
      stay()
    end
  end
  redis.call('ZREM', A, gw)
  wake(B, 'b', 0, room())
  if shut and redis.call('LLEN', D) == 0 then wake(A, 'a', 0, 4294967296) end
  return keep(reply)
end
if op == 'back' then
  -- Items that nobody was there to take any more.
  for i = #ARGV, 8, -1 do redis.call('LPUSH', D, ARGV[i]) end
  mortal(D)
  wake(A, 'a', 0, redis.call('LLEN', D))
  return keep({'OK'})
end
if op == 'leave' then
  redis.call('ZREM', a1 == 'a' and A or B, gw)
  wake(A, 'a', 0, size)
  wake(B, 'b', 0, room())
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
  if a1 == '1' then
    redis.call('DEL', D)
    if joinable and size > 0 then done(size) end
  end
  wake(A, 'a', 0, 4294967296)
  wake(B, 'b', 0, 4294967296)
  return keep({'OK'})
end
return {size, max}
`;
