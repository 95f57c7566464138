import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FileSink } from './file-sink.js'
import { LineWriter, type Sink } from './line-writer.js'

function directory() {
  const path = mkdtempSync(join(tmpdir(), 'access-log-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

class SlowSink implements Sink {
  readonly written: string[] = []
  release: () => void = () => undefined
  write(bytes: Buffer): Promise<void> {
    this.written.push(bytes.toString('latin1'))
    return new Promise((resolve) => (this.release = resolve))
  }
  writeSync(bytes: Buffer): void {
    this.written.push(bytes.toString('latin1'))
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}

const noFault = (fault: unknown): void => {
  throw fault
}

test('a line is in the file within a second, without another one', async () => {
  using dir = directory()
  const path = join(dir.path, 'access.log')
  const writer = new LineWriter(new FileSink(path, Infinity, 5), noFault)
  const started = performance.now()
  writer.write('one \xe9\n')
  await expect.poll(() => readFileSync(path, 'latin1')).toBe('one \xe9\n')
  expect(performance.now() - started).toBeLessThan(1000)
  await writer.close()
})

test('closing writes what is left, also what came while a piece was being written', async () => {
  const sink = new SlowSink()
  const writer = new LineWriter(sink, noFault)
  writer.write('x'.repeat(300_000))
  writer.write('late\n')
  const closed = writer.close()
  sink.release()
  await expect.poll(() => sink.written.length).toBe(2)
  sink.release()
  await closed
  expect(sink.written[1]).toBe('late\n')
})

test('at the end of a process what is left is written at once', () => {
  const sink = new SlowSink()
  const writer = new LineWriter(sink, noFault)
  writer.write('one\n')
  writer.flushSync()
  expect(sink.written).toEqual(['one\n'])
})

test('a line that comes just when a piece is done waits no longer than any other', async () => {
  // At which moment between the last look and the end of a write it comes is a matter of microtasks: all are tried.
  for (let ticks = 0; ticks < 8; ticks++) {
    const sink = new SlowSink()
    const writer = new LineWriter(sink, noFault)
    writer.write('x'.repeat(300_000))
    sink.release()
    for (let i = 0; i < ticks; i++) await Promise.resolve()
    writer.write('late\n')
    await expect.poll(() => sink.written[1]).toBe('late\n')
    sink.release()
    await writer.close()
  }
})

test('a sink that is too slow costs lines, not memory, and the loss is reported', async () => {
  const sink = new SlowSink()
  const faults: unknown[] = []
  const writer = new LineWriter(sink, (fault) => faults.push(fault))
  const line = 'y'.repeat(1024 * 1024)
  for (let i = 0; i < 20; i++) writer.write(line)
  sink.release()
  await expect.poll(() => sink.written.length).toBe(2)
  sink.release()
  await expect.poll(() => String(faults[0])).toMatch(/lost 11 lines/)
  expect(sink.written.join('').length).toBe(9 * line.length)
})

test('a sink that fails is reported, and the next piece is tried', async () => {
  const faults: unknown[] = []
  const sink = new SlowSink()
  let fails = true
  sink.write = (bytes) => {
    if (fails) return Promise.reject(new Error('disk full'))
    sink.written.push(bytes.toString())
    return Promise.resolve()
  }
  const writer = new LineWriter(sink, (fault) => faults.push(fault))
  writer.write('one\n')
  await expect.poll(() => faults.length).toBe(1)
  fails = false
  writer.write('two\n')
  await writer.close()
  expect(sink.written).toEqual(['two\n'])
})

test('a file is rotated by size, by whichever process finds it too large, and all go on in the new one', async () => {
  using dir = directory()
  const path = join(dir.path, 'access.log')
  const [one, other] = [new FileSink(path, 100, 2), new FileSink(path, 100, 2)]
  const line = (text: string) => Buffer.from(text.repeat(60) + '\n')
  await one.write(line('a'))
  await other.write(line('b'))
  await one.write(line('c'))
  await other.write(line('d'))
  await one.write(line('e'))
  expect(readdirSync(dir.path).sort()).toEqual(['access.log', 'access.log.1', 'access.log.2'])
  const content = (name: string) => readFileSync(join(dir.path, name), 'utf8').replace(/(.)\1+/g, '$1')
  expect([content('access.log'), content('access.log.1'), content('access.log.2')]).toEqual(['e\n', 'c\nd\n', 'a\nb\n'])
  await one.write(line('f'))
  await one.close()
  await other.close()
  expect(content('access.log.1')).toBe('e\nf\n')
  expect(readdirSync(dir.path)).not.toContain('access.log.3')
  expect(statSync(join(dir.path, 'access.log.1')).mode & 0o007).toBe(0)
})

test('a file that someone else has moved is opened anew', async () => {
  using dir = directory()
  const path = join(dir.path, 'access.log')
  const sink = new FileSink(path, Infinity, 5)
  await sink.write(Buffer.from('one\n'))
  renameSync(path, join(dir.path, 'moved'))
  await sink.write(Buffer.from('two\n'))
  await sink.close()
  expect(readFileSync(path, 'utf8')).toBe('two\n')
})

test('a log that is opened anew ends in the old file and goes on in the one that has its name', async () => {
  using dir = directory()
  const path = join(dir.path, 'access.log')
  const faults: unknown[] = []
  const writer = new LineWriter(new FileSink(path, Infinity, 5), (fault) => faults.push(fault))
  writer.write('before\n')
  await writer.reopen()
  renameSync(path, join(dir.path, 'moved'))
  writer.write('late\n')
  await writer.reopen()
  writer.write('after\n')
  await writer.close()
  expect(readFileSync(join(dir.path, 'moved'), 'utf8')).toBe('before\n')
  expect(readFileSync(path, 'utf8')).toBe('late\nafter\n')
  // Once closed there is nothing to open.
  await writer.reopen()
  expect(faults).toEqual([])
})

test('a log whose file cannot be opened anew stays with the one that it has, and says so', async () => {
  using dir = directory()
  const path = join(dir.path, 'access.log')
  const faults: unknown[] = []
  const sink = new FileSink(path, Infinity, 5)
  const writer = new LineWriter(sink, (fault) => faults.push(fault))
  const moved = join(dir.path, 'moved')
  renameSync(path, moved)
  mkdirSync(path)
  await writer.reopen()
  expect(String(faults[0])).toContain('could not be opened anew')
  sink.writeSync(Buffer.from('still here\n'))
  expect(readFileSync(moved, 'utf8')).toBe('still here\n')
  await sink.close()
})

test('rotation keeps a log below its bound, however much is written', async () => {
  using dir = directory()
  const path = join(dir.path, 'access.log')
  const [one, other] = [new FileSink(path, 1_000, 3), new FileSink(path, 1_000, 3)]
  for (let i = 0; i < 200; i++) await (i % 3 === 0 ? one : other).write(Buffer.from('x'.repeat(99) + '\n'))
  await one.close()
  await other.close()
  const sizes = readdirSync(dir.path).map((name) => statSync(join(dir.path, name)).size)
  // Each file ends with the write that reaches its bound.
  expect(sizes.length).toBe(4)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_100)
})

test('lines that were not written are counted: those that found no room, and those of a failed write', async () => {
  const sink = new SlowSink()
  sink.write = () => Promise.reject(new Error('disk full'))
  const writer = new LineWriter(sink, () => undefined)
  writer.write('one\n')
  writer.write('two\n')
  await writer.close()
  expect(writer.lost).toBe(2)
  writer.write('after the end\n')
  expect(writer.lost).toBe(3)
})
