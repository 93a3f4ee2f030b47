/** What a file says of a run, name by name. */
import type { JsonObject } from '../../../files/json-value.js'
import { type Content, figure, grouped, type Html, html } from './html.js'
import { facts } from './table.js'

/** So many lines of settings; a run has a few dozen. */
const MOST_SETTINGS = 200
const MOST_VALUE = 300

/** Objects in objects are named with dots: `mining.ranks.skipTop`. */
export function settingsOf(value: JsonObject, but: ReadonlySet<string> = new Set()): Html {
  const rows = flat(value, but)
  const shown = rows.slice(0, MOST_SETTINGS)
  const more = rows.length - shown.length
  return html`${facts(shown)}${more > 0 && html`<p class="note">… and ${grouped(more)} more</p>`}`
}

function flat(value: JsonObject, but: ReadonlySet<string>): [string, Content][] {
  const rows: [string, Content][] = []
  const add = (name: string, each: unknown, depth: number): void => {
    if (rows.length > 10 * MOST_SETTINGS) return
    if (typeof each === 'object' && each !== null && depth < 6) {
      const entries = Object.entries(each)
      const plain = Array.isArray(each) && each.every((item) => typeof item !== 'object')
      if (!plain && entries.length > 0) {
        for (const [key, item] of entries) add(name === '' ? key : `${name}.${key}`, item, depth + 1)
        return
      }
    }
    rows.push([name.slice(0, MOST_VALUE), shownValue(each)])
  }
  for (const [key, each] of Object.entries(value)) if (!but.has(key)) add(key, each, 0)
  return rows
}

function shownValue(value: unknown): string {
  if (typeof value === 'number') return figure(value)
  if (value === null) return 'none'
  if (typeof value === 'string') return value.slice(0, MOST_VALUE)
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) {
    return value.length === 0 ? 'none' : value.join(', ').slice(0, MOST_VALUE)
  }
  return JSON.stringify(value).slice(0, MOST_VALUE)
}
