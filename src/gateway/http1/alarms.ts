/**
 * Time-outs of the whole process on one coarse wheel: arming one costs a few pointer writes, and nothing wakes up but
 * a single interval. A deadline rings at most one tick late and never early.
 */

const TICK = 25
/** 25.6 s once around; what is due later is passed over until its turn. */
const SLOTS = 1024

/** Something that can run out of time. It is on the wheel at most once. */
export abstract class Alarm {
  /** Milliseconds on the monotonic clock; 0 when nothing is due. */
  declare deadline: number
  declare previous: Alarm
  declare next: Alarm

  // Not by initializers, which define: V8 defines a property in many kinds of objects by a slow call.
  constructor() {
    this.deadline = 0
    this.previous = this
    this.next = this
  }

  abstract ring(): void
}

class Anchor extends Alarm {
  override ring(): void {
    throw new Error('the anchor of a slot is never due')
  }
}

export class Wheel {
  readonly #slots = Array.from({ length: SLOTS }, () => new Anchor())
  #timer: NodeJS.Timeout | undefined
  #tick = 0

  /** Starts turning; the interval alone does not keep the process alive. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#tick = Math.floor(performance.now() / TICK)
    this.#timer = setInterval(() => this.turn(performance.now()), TICK)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Makes an alarm ring at `deadline`, in milliseconds of `performance.now()`, instead of when it was to ring. */
  arm(alarm: Alarm, deadline: number): void {
    // The slot under the hand has been seen in this turn: what is due already waits for the next.
    const tick = Math.max(Math.ceil(deadline / TICK), this.#tick + 1)
    const anchor = this.#slots[tick & (SLOTS - 1)] as Alarm
    alarm.deadline = deadline
    alarm.previous.next = alarm.next
    alarm.next.previous = alarm.previous
    alarm.previous = anchor.previous
    alarm.next = anchor
    anchor.previous.next = alarm
    anchor.previous = alarm
  }

  disarm(alarm: Alarm): void {
    alarm.deadline = 0
    alarm.previous.next = alarm.next
    alarm.next.previous = alarm.previous
    alarm.previous = alarm
    alarm.next = alarm
  }

  /** Rings what is due at `now`. */
  turn(now: number): void {
    const last = Math.floor(now / TICK)
    // After a long stall one turn of the wheel sees every slot.
    this.#tick = Math.max(this.#tick, last - SLOTS)
    while (this.#tick < last) {
      const anchor = this.#slots[++this.#tick & (SLOTS - 1)] as Alarm
      if (anchor.next !== anchor) this.#ringDue(anchor, now)
    }
  }

  /** Ringing may arm and disarm others, so what is due is found first and asked again before it rings. */
  #ringDue(anchor: Alarm, now: number): void {
    const due: Alarm[] = []
    for (let alarm = anchor.next; alarm !== anchor; alarm = alarm.next) if (alarm.deadline <= now) due.push(alarm)
    for (const alarm of due) {
      if (alarm.deadline === 0 || alarm.deadline > now) continue
      this.disarm(alarm)
      alarm.ring()
    }
  }
}
