/**
 * Stores the sealed tasks of new jobs. Returns 0 and stores nothing if the pool was removed: after a lost connection the command is repeated, and the
 * notes about starts are gone with the pool. KEYS: tasks, BullMQ's description of the queue. ARGV: the name and the number of the life of the pool, then jobs
 * with their tasks.
 */
export const SUBMIT = `#!lua
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
`;
