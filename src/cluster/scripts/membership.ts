/** Puts a member into a set, which lasts at least for these milliseconds more: nothing of it stays when its last member has died. KEYS: the set. */
export const ENROL = `#!lua flags=allow-oom
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {1}
`;

/**
 * Keeps what a host says of itself for two leases, whose milliseconds are given, also in a server that is full: the host must not look dead. In the second lease it counts as silent.
 * KEYS: its key.
 */
export const SAY = `#!lua flags=allow-oom
redis.call('HSET', KEYS[1], 'about', ARGV[1], 'runs', ARGV[2], 'lease', ARGV[3])
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[3])
return {1}
`;

/** Puts up a pool for these milliseconds. KEYS: the pool. */
export const POST = `#!lua flags=allow-oom
redis.call('HSET', KEYS[1], 'lease', unpack(ARGV))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {1}
`;

/** Says that the program of a pool lives, with the number of tasks that wait there; returns 0 if the pool is gone. KEYS: the pool. */
export const KEEP = `#!lua flags=allow-oom
if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 0 then return {0} end
redis.call('HSET', KEYS[1], 'backlog', ARGV[2])
return {1}
`;

/** Extends a claim that is still its owner's, also in a server that is full, where BullMQ's own step fails. KEYS: lock, stalled. */
export const EXTEND = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SREM', KEYS[2], ARGV[3])
return {1}
`;
