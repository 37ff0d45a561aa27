/**
 * Removes a pool's keys with its queue in BullMQ, in one step: BullMQ's own way takes several, and leaves keys for ever if the program that takes them
 * dies in between. Does nothing if the pool is there: its program was taken for dead, and is back. KEYS: the pool, the set of its blobs, which go,
 * too, and what else goes; ARGV: what the names of BullMQ's keys begin with, then their ends.
 */
export const REMOVE = `#!lua flags=allow-oom
if redis.call('EXISTS', KEYS[1]) == 1 then return {0} end
local start = ARGV[1]
local function remove(jobs)
  for _, job in ipairs(jobs) do redis.call('DEL', start .. job, start .. job .. ':lock') end
end
for _, list in ipairs({'wait', 'active', 'paused'}) do remove(redis.call('LRANGE', start .. list, 0, -1)) end
for _, set in ipairs({'prioritized', 'delayed', 'completed', 'failed'}) do remove(redis.call('ZRANGE', start .. set, 0, -1)) end
for i = 2, #ARGV do redis.call('DEL', start .. ARGV[i]) end
for _, id in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('UNLINK', KEYS[2] .. ':' .. id) end
redis.call('UNLINK', unpack(KEYS))
return {1}
`;
