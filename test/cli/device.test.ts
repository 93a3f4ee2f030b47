import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runtimeDirectory } from '#clara/inference/device.js'
import { clara, workFolder } from './clara.js'

const work = workFolder()
const corpus = join(work, 'corpus.jsonl')
writeFileSync(corpus, '{"_id": "a", "text": "The harbour town wakes before the sun."}\n')

const build = (out: string, ...flags: string[]) =>
  clara(['index', 'build', '--input-file', corpus, '--output-dir', join(work, out), ...flags])

/** Dawn, the native part of WebGPU, prints this before anyone can ask it not to. */
const NO_VULKAN = /^Warning: Couldn't load Vulkan: .*\n( {4}at .*\n)*\n*/

/** Which embedder the passages need. */
const CHOSEN = /^embedder .*\n/

const isOnLinux = process.platform === 'linux'
const hasCuda = existsSync(join(runtimeDirectory(), 'libonnxruntime_providers_cuda.so'))

test.each([
  ['cuda', 'clara-models install-cuda', !hasCuda],
  ['cuda:1', 'clara-models install-cuda', !hasCuda],
  ['tensorrt', 'clara-models install-cuda', !hasCuda],
  ['webgpu', 'a GPU with a Vulkan, Metal or Direct3D 12 driver', isOnLinux],
  ['coreml', 'part of macOS', isOnLinux],
  ['dml', 'part of Windows', isOnLinux],
])('--device %s, where there is none: one line that says what to do', async (device, remedy, isAbsent) => {
  if (!isAbsent) return
  const { code, stdout, stderr } = await build('refused', '--device', device)
  if (device === 'webgpu' && code === 0) return // it has a GPU
  const said = stderr.replace(CHOSEN, '').replace(NO_VULKAN, '')
  expect(said).toMatch(/^error: --device [a-z]+ cannot be used: [^\n]+\n$/)
  expect(said).toContain(remedy)
  expect(said).toContain('--device cpu')
  expect(said).not.toContain('onnxruntime_src')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(readdirSync(work)).toEqual(['corpus.jsonl'])
})

test.each(['auto', 'cpu'])('--device %s says where it runs and why', async (device) => {
  const { code, stderr } = await build(device, '--device', device)
  expect(stderr).toMatch(device === 'cpu' ? /on cpu \(asked for\): / : /on (cpu|cuda) \([^)]+\): /)
  expect(stderr).not.toMatch(/onnxruntime|warning/i)
  expect(code).toBe(0)
})
