// Changes of state at the end of a step, each in one pass over memory. w is the variable, g its gradient, rate the
// learning rate, which comes in memory (`hyper`) because it changes from step to step.
//
//   decay           w (1 - rate weightDecay), before every optimizer's own step
//   sgd             w -= rate g
//   momentum        v = momentum v - rate g; w += v, or with Nesterov w += momentum v - rate g
//   adam            m = beta1 m + (1 - beta1) g; s = beta2 s + (1 - beta2) g^2;
//                   w -= rate m hyper[1] / (sqrt(s hyper[2]) + epsilon)
//   rmsprop         s = rho s + (1 - rho) g^2; w -= rate g / (sqrt(s) + epsilon)
//   movingAverage   w = momentum w + (1 - momentum) value
//   accumulate      w = kept w + value, with kept in place of the rate; just the value where kept is 0
//
// 1 - beta and the like are arguments of their own: in float32 their difference would lose digits.
// A chunk is a stretch of `perChunk` elements, a multiple of 4. Eight are taken at a time, all loads before the stores, so
// that V8 may join the halves to 256 bits.
import { multiplyAdd, storeLanes } from "./vector";

@unmanaged
export class SgdArguments {
  variable: u32;
  gradient: u32;
  hyper: u32;
  count: u32;
  perChunk: u32;
  weightDecay: f32;
}

@unmanaged
export class MomentumArguments {
  variable: u32;
  gradient: u32;
  velocity: u32;
  hyper: u32;
  count: u32;
  perChunk: u32;
  weightDecay: f32;
  momentum: f32;
  nesterov: u32;
}

@unmanaged
export class AdamArguments {
  variable: u32;
  gradient: u32;
  firstMoment: u32;
  secondMoment: u32;
  hyper: u32;
  count: u32;
  perChunk: u32;
  weightDecay: f32;
  beta1: f32;
  oneMinusBeta1: f32;
  beta2: f32;
  oneMinusBeta2: f32;
  epsilon: f32;
}

@unmanaged
export class RmspropArguments {
  variable: u32;
  gradient: u32;
  meanSquare: u32;
  hyper: u32;
  count: u32;
  perChunk: u32;
  weightDecay: f32;
  rho: f32;
  oneMinusRho: f32;
  epsilon: f32;
}

@unmanaged
export class MovingAverageArguments {
  variable: u32;
  value: u32;
  count: u32;
  perChunk: u32;
  momentum: f32;
  oneMinusMomentum: f32;
}

@unmanaged
export class AccumulateArguments {
  variable: u32;
  value: u32;
  hyper: u32;
  count: u32;
  perChunk: u32;
}

export function sgd(x: SgdArguments, chunk: u32): void {
  const rate = load<f32>(x.hyper);
  const decay = f32x4.splat(1 - rate * x.weightDecay);
  const minusRate = f32x4.splat(-rate);
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 8 <= end; i += 8) {
    const variable: usize = x.variable + 4 * i;
    const gradient: usize = x.gradient + 4 * i;
    const w0 = multiplyAdd(v128.load(gradient), minusRate, f32x4.mul(v128.load(variable), decay));
    const w1 = multiplyAdd(v128.load(gradient, 16), minusRate, f32x4.mul(v128.load(variable, 16), decay));
    v128.store(variable, w0);
    v128.store(variable, w1, 16);
  }
  for (; i < end; i += 4) {
    const variable: usize = x.variable + 4 * i;
    const decayed = f32x4.mul(v128.load(variable), decay);
    storeLanes(variable, multiplyAdd(v128.load(x.gradient + 4 * i), minusRate, decayed), end - i);
  }
}

export function momentum(x: MomentumArguments, chunk: u32): void {
  if (x.nesterov) stepWithMomentum(true, x, chunk);
  else stepWithMomentum(false, x, chunk);
}

/** Written out for both kinds: V8 does not join what is picked by a condition. */
// @ts-ignore: decorator
@inline
function stepWithMomentum(nesterov: bool, x: MomentumArguments, chunk: u32): void {
  const rate = load<f32>(x.hyper);
  const decay = f32x4.splat(1 - rate * x.weightDecay);
  const minusRate = f32x4.splat(-rate);
  const factor = f32x4.splat(x.momentum);
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 8 <= end; i += 8) {
    const variable: usize = x.variable + 4 * i;
    const velocity: usize = x.velocity + 4 * i;
    const gradient: usize = x.gradient + 4 * i;
    const step0 = f32x4.mul(v128.load(gradient), minusRate);
    const step1 = f32x4.mul(v128.load(gradient, 16), minusRate);
    const v0 = multiplyAdd(v128.load(velocity), factor, step0);
    const v1 = multiplyAdd(v128.load(velocity, 16), factor, step1);
    const w0 = multiplyAdd(v128.load(variable), decay, nesterov ? multiplyAdd(v0, factor, step0) : v0);
    const w1 = multiplyAdd(v128.load(variable, 16), decay, nesterov ? multiplyAdd(v1, factor, step1) : v1);
    v128.store(velocity, v0);
    v128.store(velocity, v1, 16);
    v128.store(variable, w0);
    v128.store(variable, w1, 16);
  }
  for (; i < end; i += 4) {
    const variable: usize = x.variable + 4 * i;
    const velocity: usize = x.velocity + 4 * i;
    const step = f32x4.mul(v128.load(x.gradient + 4 * i), minusRate);
    const v = multiplyAdd(v128.load(velocity), factor, step);
    const move = nesterov ? multiplyAdd(v, factor, step) : v;
    storeLanes(velocity, v, end - i);
    storeLanes(variable, multiplyAdd(v128.load(variable), decay, move), end - i);
  }
}

export function adam(x: AdamArguments, chunk: u32): void {
  const rate = load<f32>(x.hyper);
  const decay = f32x4.splat(1 - rate * x.weightDecay);
  const minusRate = f32x4.splat(-rate * load<f32>(x.hyper, 4));
  const correction = f32x4.splat(load<f32>(x.hyper, 8));
  const beta1 = f32x4.splat(x.beta1);
  const oneMinusBeta1 = f32x4.splat(x.oneMinusBeta1);
  const beta2 = f32x4.splat(x.beta2);
  const oneMinusBeta2 = f32x4.splat(x.oneMinusBeta2);
  const epsilon = f32x4.splat(x.epsilon);
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 8 <= end; i += 8) {
    const variable: usize = x.variable + 4 * i;
    const firstMoment: usize = x.firstMoment + 4 * i;
    const secondMoment: usize = x.secondMoment + 4 * i;
    const gradient: usize = x.gradient + 4 * i;
    const g0 = v128.load(gradient);
    const g1 = v128.load(gradient, 16);
    const m0 = multiplyAdd(g0, oneMinusBeta1, f32x4.mul(v128.load(firstMoment), beta1));
    const m1 = multiplyAdd(g1, oneMinusBeta1, f32x4.mul(v128.load(firstMoment, 16), beta1));
    const s0 = multiplyAdd(f32x4.mul(g0, g0), oneMinusBeta2, f32x4.mul(v128.load(secondMoment), beta2));
    const s1 = multiplyAdd(f32x4.mul(g1, g1), oneMinusBeta2, f32x4.mul(v128.load(secondMoment, 16), beta2));
    const scale0 = f32x4.add(f32x4.sqrt(f32x4.mul(s0, correction)), epsilon);
    const scale1 = f32x4.add(f32x4.sqrt(f32x4.mul(s1, correction)), epsilon);
    const w0 = multiplyAdd(v128.load(variable), decay, f32x4.div(f32x4.mul(m0, minusRate), scale0));
    const w1 = multiplyAdd(v128.load(variable, 16), decay, f32x4.div(f32x4.mul(m1, minusRate), scale1));
    v128.store(firstMoment, m0);
    v128.store(firstMoment, m1, 16);
    v128.store(secondMoment, s0);
    v128.store(secondMoment, s1, 16);
    v128.store(variable, w0);
    v128.store(variable, w1, 16);
  }
  for (; i < end; i += 4) {
    const variable: usize = x.variable + 4 * i;
    const firstMoment: usize = x.firstMoment + 4 * i;
    const secondMoment: usize = x.secondMoment + 4 * i;
    const g = v128.load(x.gradient + 4 * i);
    const m = multiplyAdd(g, oneMinusBeta1, f32x4.mul(v128.load(firstMoment), beta1));
    const s = multiplyAdd(f32x4.mul(g, g), oneMinusBeta2, f32x4.mul(v128.load(secondMoment), beta2));
    const scale = f32x4.add(f32x4.sqrt(f32x4.mul(s, correction)), epsilon);
    const move = f32x4.div(f32x4.mul(m, minusRate), scale);
    storeLanes(firstMoment, m, end - i);
    storeLanes(secondMoment, s, end - i);
    storeLanes(variable, multiplyAdd(v128.load(variable), decay, move), end - i);
  }
}

export function rmsprop(x: RmspropArguments, chunk: u32): void {
  const rate = load<f32>(x.hyper);
  const decay = f32x4.splat(1 - rate * x.weightDecay);
  const minusRate = f32x4.splat(-rate);
  const rho = f32x4.splat(x.rho);
  const oneMinusRho = f32x4.splat(x.oneMinusRho);
  const epsilon = f32x4.splat(x.epsilon);
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 8 <= end; i += 8) {
    const variable: usize = x.variable + 4 * i;
    const meanSquare: usize = x.meanSquare + 4 * i;
    const gradient: usize = x.gradient + 4 * i;
    const g0 = v128.load(gradient);
    const g1 = v128.load(gradient, 16);
    const s0 = multiplyAdd(f32x4.mul(g0, g0), oneMinusRho, f32x4.mul(v128.load(meanSquare), rho));
    const s1 = multiplyAdd(f32x4.mul(g1, g1), oneMinusRho, f32x4.mul(v128.load(meanSquare, 16), rho));
    const move0 = f32x4.div(f32x4.mul(g0, minusRate), f32x4.add(f32x4.sqrt(s0), epsilon));
    const move1 = f32x4.div(f32x4.mul(g1, minusRate), f32x4.add(f32x4.sqrt(s1), epsilon));
    const w0 = multiplyAdd(v128.load(variable), decay, move0);
    const w1 = multiplyAdd(v128.load(variable, 16), decay, move1);
    v128.store(meanSquare, s0);
    v128.store(meanSquare, s1, 16);
    v128.store(variable, w0);
    v128.store(variable, w1, 16);
  }
  for (; i < end; i += 4) {
    const variable: usize = x.variable + 4 * i;
    const meanSquare: usize = x.meanSquare + 4 * i;
    const g = v128.load(x.gradient + 4 * i);
    const s = multiplyAdd(f32x4.mul(g, g), oneMinusRho, f32x4.mul(v128.load(meanSquare), rho));
    const move = f32x4.div(f32x4.mul(g, minusRate), f32x4.add(f32x4.sqrt(s), epsilon));
    storeLanes(meanSquare, s, end - i);
    storeLanes(variable, multiplyAdd(v128.load(variable), decay, move), end - i);
  }
}

export function movingAverage(x: MovingAverageArguments, chunk: u32): void {
  const old = f32x4.splat(x.momentum);
  const fresh = f32x4.splat(x.oneMinusMomentum);
  const end = min(x.count, (chunk + 1) * x.perChunk);
  for (let i = chunk * x.perChunk; i < end; i += 4) {
    const variable: usize = x.variable + 4 * i;
    const value = f32x4.mul(v128.load(x.value + 4 * i), fresh);
    storeLanes(variable, multiplyAdd(v128.load(variable), old, value), end - i);
  }
}

export function accumulate(x: AccumulateArguments, chunk: u32): void {
  const kept = load<f32>(x.hyper);
  const factor = f32x4.splat(kept);
  const end = min(x.count, (chunk + 1) * x.perChunk);
  for (let i = chunk * x.perChunk; i < end; i += 4) {
    const variable: usize = x.variable + 4 * i;
    const value = v128.load(x.value + 4 * i);
    // What is not kept may be NaN, which 0 times would keep.
    storeLanes(variable, kept == 0 ? value : multiplyAdd(v128.load(variable), factor, value), end - i);
  }
}
