import { COMMON, prelude } from './prelude.ts';

/**
 * A lock: its owner is in `d` while it is held. `last` is the last fence, `orphan` says that its last owner died. `b` is the line of those that wait for a
 * condition of the lock, `condition|gateway|number`; `h` has those that were notified and have not heard of it yet.
 */
export const LOCK = `${prelude('last')}
local function free()
  redis.call('DEL', D)
  wake(A, 'a', 0, 1)
end
local function notifyNext(condition)
  for _, waiter in ipairs(redis.call('ZRANGE', B, 0, -1)) do
    if string.sub(waiter, 1, #condition + 1) == condition .. '|' then
      redis.call('ZREM', B, waiter)
      redis.call('HSET', H, waiter, '1')
      mortal(H)
      redis.call('PUBLISH', channel .. string.match(waiter, '|(.*)|'), 'c' .. M)
      return true
    end
  end
end
local function bury(each)
  for _, waiter in ipairs(redis.call('ZRANGE', B, 0, -1)) do
    if string.match(waiter, '|(.*)|') == each then redis.call('ZREM', B, waiter) end
  end
  for _, waiter in ipairs(redis.call('HKEYS', H)) do
    if string.match(waiter, '|(.*)|') == each then
      redis.call('HDEL', H, waiter)
      notifyNext(string.match(waiter, '^[^|]*'))
    end
  end
  if redis.call('HGET', D, 'gw') == each then
    redis.call('HSET', M, 'orphan', '1')
    free()
  end
  if redis.call('EXISTS', D) == 0 then wake(A, 'a', 0, 1) end
end
${COMMON}
if op == 'take' then
  local owner = redis.call('HGET', D, 'gw')
  local rank, isInLine
  if not owner then rank, isInLine = before(A, 1, a1 == '1') end
  if not rank then
    if a2 == '0' then enter(A) end
    local ends = owner and redis.call('ZSCORE', L, owner)
    return {'WAIT', ends and math.max(1, math.ceil(tonumber(ends) - now) + 1) or 0}
  end
  if isInLine then redis.call('ZREM', A, gw) end
  local fence = string.format('%.0f', math.max(tonumber(meta[3] or '0') + 1, time[1] * 1000000 + time[2]))
  local orphan = redis.call('HGET', M, 'orphan') or '0'
  redis.call('HSET', M, 'last', fence, 'orphan', '0')
  redis.call('HSET', D, 'gw', gw, 'fence', fence, 'since', string.format('%.0f', now), 'host', a3, 'pid', a4, 'orphan', orphan)
  mortal(D)
  stay()
  return keep({'OK', fence, orphan})
end
if op == 'leave' then
  redis.call('ZREM', A, gw)
  if redis.call('EXISTS', D) == 0 then wake(A, 'a', 0, 1) end
  return {'OK'}
end
if op == 'release' then
  local fence = redis.call('HGET', D, 'fence')
  if a1 ~= '' and fence ~= a1 then return {'LOST'} end
  if not fence then return {'FREE'} end
  if a2 == '1' then redis.call('HSET', M, 'orphan', '1') end
  free()
  return keep({'OK', fence})
end
if op == 'await' then
  if redis.call('HGET', D, 'fence') ~= a1 then return {'LOST'} end
  redis.call('ZADD', B, redis.call('HINCRBY', M, 'ticket', 1), a2 .. '|' .. gw .. '|' .. a3)
  mortal(B)
  stay()
  free()
  return keep({'OK'})
end
if op == 'notify' then
  if redis.call('HGET', D, 'fence') ~= a1 then return {'LOST'} end
  local left = tonumber(a3)
  while left > 0 and notifyNext(a2) do left = left - 1 end
  return keep({'OK'})
end
local waiter = (a1 or '') .. '|' .. gw .. '|' .. (a2 or '')
if op == 'notified' then
  -- One that is in no line any more, since its lease was over, looks for itself.
  if redis.call('ZSCORE', B, waiter) then
    stay()
    return {'WAIT'}
  end
  redis.call('HDEL', H, waiter)
  return keep({'OK'})
end
if op == 'desist' then
  redis.call('ZREM', B, waiter)
  if redis.call('HDEL', H, waiter) == 0 then return keep({'LEFT'}) end
  if a3 == '1' then notifyNext(a1) end
  return keep({'OK'})
end
return redis.call('HMGET', D, 'gw', 'host', 'pid', 'since', 'orphan', 'fence')
`;
