// Compiled, never run: what the types of shared values, arrays and memory infer and refuse.
import { type Lock, SharedArray, SharedValue } from 'multiproc';
import { ShareableList, SharedMemory } from 'multiproc/shared-memory';

function expectType<T>(_value: T): void {}

const count = new SharedValue('int32', 5);
expectType<number>(count.value);
expectType<number>(count.add(1));
expectType<Lock>(count.getLock());
count.value = 6;
// @ts-expect-error an int32 is a number
count.value = 6n;
// @ts-expect-error an int32 is a number
new SharedValue('int32', 5n);
// @ts-expect-error there is no such type
new SharedValue('int64');
// @ts-expect-error a lock is a Lock
new SharedValue('int32', 0, { lock: 'x' });

const big = new SharedValue('bigint64', 5n, { lock: false });
expectType<bigint>(big.value);
expectType<bigint>(big.add(1n));
// @ts-expect-error a bigint64 is a bigint
big.value = 6;
// @ts-expect-error floats are not added in one step
new SharedValue('float64').add(1);

expectType<Float64Array>(new SharedArray('float64', 3).view);
expectType<BigInt64Array>(new SharedArray('bigint64', [1n]).view);
expectType<Uint8Array>(new SharedArray('uint8', new Set([1])).view);
expectType<number[]>([...new SharedArray('int8', 3)]);
expectType<bigint[]>([...new SharedArray('biguint64', 3)]);
// @ts-expect-error a Float64Array is no Int32Array
expectType<Int32Array>(new SharedArray('float64', 3).view);
// @ts-expect-error bigints are not numbers
new SharedArray('int32', [1n]);
// @ts-expect-error the view is the array's own
new SharedArray('int8', 3).view = new Int8Array(3);

const memory = SharedMemory.create({ size: 5 });
expectType<Uint8Array>(memory.buffer);
expectType<string>(SharedMemory.attach('x').name);
// @ts-expect-error a size is needed
SharedMemory.create({ name: 'x' });
// @ts-expect-error it is made by create or attach
new SharedMemory();

const list = new ShareableList([1, 'a', null]);
expectType<string | number | null | undefined>(list[0]);
expectType<(string | number | null)[]>([...list]);
list[1] = 5;
list.set(0, 'b');
// @ts-expect-error there are no booleans in it
list.set(0, true);
// @ts-expect-error a list holds no objects
new ShareableList([{}]);
expectType<number>(new ShareableList<number>(undefined, { name: 'x' }).at(0));
expectType<number>(ShareableList.attach<number>('x').at(0));
expectType<string>(ShareableList.attach('x').format);
