import { COMMON, prelude } from './prelude.ts';

/**
 * A lock: its owner is in `d` while it is held. `last` is the last fence, `orphan` says that its last owner died, `>gateway` is the process whose call
 * waits first there. `b` is the line of those that wait for a condition of the lock, `condition|gateway|number`; `h` has those that were notified and
 * have not heard of it yet.
 */
export const LOCK = `${prelude('last', 'orphan')}
local orphan = meta[4] or '0'
local function own(gateway, process, ...)
  local fence = string.format('%.0f', math.max(tonumber(meta[3] or '0') + 1, time[1] * 1000000 + time[2]))
  redis.call('HSET', M, 'last', fence, 'orphan', '0')
  redis.call('HSET', D, 'gw', gateway, 'fence', fence, 'since', string.format('%.0f', now), 'process', process, 'orphan', orphan, ...)
  mortal(D)
  return fence
end
-- The lock is free: the first of the line owns it from now on, if it can hear of that.
local function pass()
  local to, ticket = unpack(redis.call('ZRANGE', A, 0, 0, 'WITHSCORES'))
  if not to then return end
  if to == gw or redis.call('PUBSUB', 'NUMSUB', channel .. to)[2] == 0 then
    redis.call('PUBLISH', channel .. to, 'a' .. M)
    return
  end
  redis.call('ZREM', A, to)
  local fence = own(to, redis.call('HGET', M, '>' .. to) or '', 'granted', '1')
  redis.call('HDEL', M, '>' .. to)
  redis.call('PUBLISH', channel .. to, 'g' .. M .. ' ' .. ticket .. ' ' .. fence .. ' ' .. orphan)
  meta[3], orphan = fence, '0'
end
local function free(isOrphan)
  if isOrphan then
    redis.call('HSET', M, 'orphan', '1')
    orphan = '1'
  end
  redis.call('DEL', D)
  pass()
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
  redis.call('HDEL', M, '>' .. each)
  if redis.call('HGET', D, 'gw') == each then free(true)
  elseif redis.call('EXISTS', D) == 0 then pass() end
end
${COMMON}
if op == 'take' then
  local owner, granted, fence, was = unpack(redis.call('HMGET', D, 'gw', 'granted', 'fence', 'orphan'))
  if granted and owner == gw and fence ~= a4 and a2 == '0' then
    -- The message has not come, or not in time.
    redis.call('HSET', D, 'process', a3)
    stay()
    return keep({'OK', fence, was})
  end
  local rank, isInLine
  if not owner then rank, isInLine = before(A, 1, a1 == '1') end
  if not rank then
    local ticket = ''
    if a2 == '0' then
      enter(A)
      redis.call('HSET', M, '>' .. gw, a3)
      ticket = redis.call('ZSCORE', A, gw)
    end
    local ends = owner and redis.call('ZSCORE', L, owner)
    return {'WAIT', ends and math.max(1, math.ceil(tonumber(ends) - now) + 1) or 0, ticket}
  end
  if isInLine then
    redis.call('ZREM', A, gw)
    redis.call('HDEL', M, '>' .. gw)
  end
  fence = own(gw, a3)
  stay()
  return keep({'OK', fence, orphan})
end
if op == 'leave' then
  redis.call('ZREM', A, gw)
  redis.call('HDEL', M, '>' .. gw)
  local owner, granted, fence, was = unpack(redis.call('HMGET', D, 'gw', 'granted', 'fence', 'orphan'))
  -- Nobody is there any more who could own what was granted.
  if granted and owner == gw and fence ~= a2 then free(was == '1')
  elseif not owner then pass() end
  return keep({'OK'})
end
if op == 'release' then
  local fence = redis.call('HGET', D, 'fence')
  if a1 ~= '' and fence ~= a1 then return {'LOST'} end
  if not fence then return {'FREE'} end
  free(a2 == '1')
  return keep({'OK', fence})
end
if op == 'await' then
  if redis.call('HGET', D, 'fence') ~= a1 then return {'LOST'} end
  redis.call('ZADD', B, redis.call('HINCRBY', M, 'ticket', 1), a2 .. '|' .. gw .. '|' .. a3)
  mortal(B)
  stay()
  free(false)
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
return redis.call('HMGET', D, 'gw', 'process', 'since', 'orphan', 'fence')
`;
