// A task of some length: a number of steps of arithmetic, as `compute` in ours.ts does.
export default function compute(rounds) {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}
