import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { ClaraError } from '#clara/errors.js'
import { type Methods, startWorker } from '#clara/files/worker-thread.js'

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url)

function start() {
  const worker = startWorker<Methods>(fixture('answering.worker.mjs'), 'answering')
  onTestFinished(() => worker.close())
  return worker
}

test('values come back, in the order of the calls', async () => {
  const worker = start()
  const order: unknown[] = []
  const call = async (method: string, args: unknown) => order.push(await worker.call(method, args))
  await Promise.all([
    call('slowEcho', { value: { a: [1] }, ms: 40 }),
    call('slowEcho', { value: 'b', ms: 1 }),
    call('echo', new Float32Array([1, 2])),
  ])
  expect(order).toEqual([{ a: [1] }, 'b', new Float32Array([1, 2])])
})

test('a ClaraError comes back as one, other errors as errors, and the thread goes on', async () => {
  const worker = start()
  const error = await worker.call('clara', 'too-small').catch((e) => e)
  expect(error).toBeInstanceOf(ClaraError)
  expect(error).toMatchObject({ code: 'too-small', message: 'a too-small error' })

  const plain = (await worker.call('plain', 'no such thing').catch((e) => e)) as Error
  expect(plain).not.toBeInstanceOf(ClaraError)
  expect(plain.message).toBe('no such thing')
  expect(plain.stack).toContain('answering.worker.mjs')

  await expect(worker.call('notAnError', 0)).rejects.toThrow('a string')
  await expect(worker.call('uncloneable', 0)).rejects.toThrow('could not be cloned')
  await expect(worker.call('absent', 0)).rejects.toThrow('no method absent')
  expect(await worker.call('echo', 'alive')).toBe('alive')
})

test('buffers move both ways', async () => {
  const worker = start()
  const sent = new Float32Array([1, 2, 3])
  expect(await worker.call('echo', sent, [sent.buffer])).toEqual(new Float32Array([1, 2, 3]))
  expect(sent.length).toBe(0)
  expect(await worker.call('move', 4)).toEqual(new Float32Array(4).fill(7))
  expect(await worker.call('movedLength', 0)).toBe(0)
})

test.each([
  ['exits', 'exit', 5, 'the thread ended with code 5'],
  ['throws outside of a call', 'throwOutside', 'by the way', 'by the way'],
])('a thread that %s rejects all calls that wait, and those after', async (_, method, args, message) => {
  const worker = start()
  const waiting = [worker.call(method, args), worker.call('echo', 1), worker.call('echo', 2)]
  for (const result of await Promise.allSettled(waiting)) {
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining(message) },
    })
  }
  await expect(worker.call('echo', 3)).rejects.toThrow(message)
})

test('when the thread is closed, the call under way ends and those behind it are rejected', async () => {
  const worker = start()
  await worker.call('echo', 0)
  const underWay = worker.call('slowEcho', { value: 1, ms: 200 })
  const behind = expect(worker.call('echo', 2)).rejects.toThrow('ended')
  await new Promise((resolve) => setTimeout(resolve, 50)) // the thread takes the first
  await worker.close()
  expect(await underWay).toBe(1)
  await behind
  await expect(worker.call('echo', 3)).rejects.toThrow('ended')
  await worker.close()
})

test('a module that cannot be loaded rejects calls', async () => {
  const worker = startWorker<Methods>(fixture('absent.mjs'), 'absent')
  await expect(worker.call('echo', 1)).rejects.toThrow('absent.mjs')
})

test.each(['after a good call', 'after a bad call'])('an open thread lets the process end %s', (when) => {
  const script = fileURLToPath(fixture('leave-worker-open.mjs'))
  const child = spawnSync(process.execPath, [script, when], { encoding: 'utf8', timeout: 5000 })
  expect(child).toMatchObject({ stdout: 'done\n', status: 0 })
})
