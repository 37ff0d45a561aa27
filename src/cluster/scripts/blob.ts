/**
 * Keeps one part of a blob, for these milliseconds from its last part on; returns `GONE` if the part belongs to a pool that must be there and is not.
 * A part that is written again stays the same. KEYS: the blob, the set of the pool's blobs, the pool. ARGV: the number of the part, the part, the id of the blob, the milliseconds, and `1` if
 * the pool must be there.
 */
export const BLOB = `#!lua flags=allow-oom
local B, ALL, O = unpack(KEYS)
if ARGV[5] == '1' and redis.call('EXISTS', O) == 0 then return {'GONE'} end
redis.call('HSET', B, ARGV[1], ARGV[2])
redis.call('PEXPIRE', B, ARGV[4])
redis.call('SADD', ALL, ARGV[3])
if redis.call('PTTL', ALL) < tonumber(ARGV[4]) then redis.call('PEXPIRE', ALL, ARGV[4]) end
return {'OK'}
`;
