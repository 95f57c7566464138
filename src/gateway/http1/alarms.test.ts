import { expect, test } from 'vitest'
import { Alarm, Wheel } from './alarms.js'

class Recorder extends Alarm {
  readonly rung: number[] = []
  constructor(readonly onRing: () => void = () => undefined) {
    super()
  }
  override ring(): void {
    this.rung.push(now)
    this.onRing()
  }
}

let now = 0

/** Turns the wheel as its interval would, one millisecond at a time. */
function pass(wheel: Wheel, until: number): void {
  for (; now < until; now++) wheel.turn(now)
}

test.each([1, 24, 25, 26, 99, 1000, 25_599, 25_600, 25_601, 90_000])(
  'a deadline in %i ms rings once, not early, and at most a tick late',
  (milliseconds) => {
    now = 1_000_003
    const wheel = new Wheel()
    wheel.turn(now)
    const alarm = new Recorder()
    const deadline = now + milliseconds
    wheel.arm(alarm, deadline)
    pass(wheel, now + 120_000)
    expect(alarm.rung).toHaveLength(1)
    expect(alarm.rung[0]).toBeGreaterThanOrEqual(deadline)
    expect(alarm.rung[0]).toBeLessThanOrEqual(deadline + 50)
    expect(alarm.deadline).toBe(0)
  },
)

test('arming again moves the deadline, disarming takes it away', () => {
  now = 0
  const wheel = new Wheel()
  const moved = new Recorder()
  const cancelled = new Recorder()
  wheel.arm(moved, 100)
  wheel.arm(cancelled, 100)
  wheel.arm(moved, 500)
  wheel.disarm(cancelled)
  pass(wheel, 2000)
  expect(moved.rung).toHaveLength(1)
  expect(moved.rung[0]).toBeGreaterThanOrEqual(500)
  expect(cancelled.rung).toEqual([])
})

test('an alarm that rings may disarm the one that is due with it, and arm itself again', () => {
  now = 0
  const wheel = new Wheel()
  const second = new Recorder()
  const first: Recorder = new Recorder(() => {
    wheel.disarm(second)
    if (first.rung.length < 3) wheel.arm(first, now + 10)
  })
  wheel.arm(first, 100)
  wheel.arm(second, 100)
  pass(wheel, 2000)
  expect(first.rung).toHaveLength(3)
  expect(second.rung).toEqual([])
})

test('after a stall of the process, all that has become due rings', () => {
  now = 0
  const wheel = new Wheel()
  const alarms = Array.from({ length: 100 }, () => new Recorder())
  for (const [index, alarm] of alarms.entries()) wheel.arm(alarm, 10 + index * 1000)
  now = 200_000
  wheel.turn(now)
  expect(alarms.every(({ rung }) => rung.length === 1)).toBe(true)
})
