import { COMMON, prelude } from './prelude.ts';

/** A semaphore: `free` units, and in `d` how many each `gateway|client` holds. `top` bounds the free ones, if it is not empty. */
export const SEMAPHORE = `${prelude()}
local function units() return tonumber(redis.call('HGET', M, 'free')) end
local function give(count)
  if count == 0 then return end
  wake(A, 'a', 0, redis.call('HINCRBY', M, 'free', count))
end
local function take(field, most)
  local held = tonumber(redis.call('HGET', D, field) or '0')
  local count = math.min(held, most)
  if count == held then redis.call('HDEL', D, field) else redis.call('HINCRBY', D, field, -count) end
  return count
end
local function bury(each)
  local count = 0
  for _, field in ipairs(redis.call('HKEYS', D)) do
    if string.sub(field, 1, #each + 1) == each .. '|' then count = count + take(field, 4294967296) end
  end
  if count > 0 then redis.call('HSET', M, 'orphan', '1') end
  give(count)
  wake(A, 'a', 0, units())
end
${COMMON}
local mine = gw .. '|' .. (a3 or '')
if op == 'take' then
  local free = units()
  local rank, isInLine = before(A, free, a1 == '1')
  if not rank then
    if a2 == '0' then enter(A) end
    return {'WAIT'}
  end
  if isInLine then redis.call('ZREM', A, gw) end
  redis.call('HINCRBY', M, 'free', -1)
  redis.call('HINCRBY', D, mine, 1)
  redis.call('HSET', M, 'taken', redis.call('HGET', M, 'orphan') or '0', 'orphan', '0')
  mortal(D)
  stay()
  return keep({'OK'})
end
if op == 'leave' then
  redis.call('ZREM', A, gw)
  wake(A, 'a', 0, units())
  return {'OK'}
end
if op == 'release' then
  local top = redis.call('HGET', M, 'top')
  if top ~= '' and units() >= tonumber(top) then return {'FREE'} end
  if take(mine, 1) == 0 then
    -- Any program may give back a unit that another holds, as in Python.
    local other = redis.call('HKEYS', D)[1]
    if other then take(other, 1) end
  end
  redis.call('HSET', M, 'taken', '0')
  give(1)
  return keep({'OK'})
end
if op == 'abandon' then
  local count = take(mine, 4294967296)
  if count > 0 then redis.call('HSET', M, 'orphan', '1', 'taken', '0') end
  give(count)
  return keep({'OK'})
end
return {units(), redis.call('HGET', M, 'taken') or '0'}
`;
