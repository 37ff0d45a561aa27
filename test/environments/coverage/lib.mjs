export function byReference(n) {
  if (n > 100) {
    return -1;
  }
  return n + 1;
}

export function neverCalled() {
  return 1;
}
