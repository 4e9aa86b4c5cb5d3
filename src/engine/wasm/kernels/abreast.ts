// Images side by side: LANES of them, [pixels and channels][LANES], so that a vector holds the same place of several images.
// Nothing of it is lost to the edges of small images, and all its loads are whole.

/**
 * Lays `floats` floats of `count` images, `imageBytes` from one to the next, side by side: at least 1 and at most `lanes`, a
 * multiple of 4. Lanes beyond them repeat the last one. Writes up to 3 * `lanes` floats more than there are.
 */
export function layAbreast(
  source: usize, imageBytes: usize, floats: u32, count: u32, lanes: u32, target: usize,
): void {
  const bytes: u32 = 4 * floats;
  const last = count - 1;
  const step = 4 * lanes;
  for (let lane: u32 = 0; lane < lanes; lane += 4) {
    const s0 = source + min(lane, last) * imageBytes;
    const s1 = source + min(lane + 1, last) * imageBytes;
    const s2 = source + min(lane + 2, last) * imageBytes;
    const s3 = source + min(lane + 3, last) * imageBytes;
    let at = target + 4 * lane;
    for (let i: u32 = 0; i < bytes; i += 16) {
      const r0 = v128.load(s0 + i);
      const r1 = v128.load(s1 + i);
      const r2 = v128.load(s2 + i);
      const r3 = v128.load(s3 + i);
      const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      v128.store(at, i64x2.shuffle(low01, low23, 0, 2));
      v128.store(at + step, i64x2.shuffle(low01, low23, 1, 3));
      v128.store(at + 2 * step, i64x2.shuffle(high01, high23, 0, 2));
      v128.store(at + 3 * step, i64x2.shuffle(high01, high23, 1, 3));
      at += 4 * step;
    }
  }
}

/** Clears the lanes from `begin` on. */
export function clearLanes(target: usize, floats: u32, begin: u32, lanes: u32): void {
  for (let i: u32 = 0; i < floats; i++) {
    for (let lane = begin; lane < lanes; lane++) store<f32>(target + 4 * (i * lanes + lane), 0);
  }
}
