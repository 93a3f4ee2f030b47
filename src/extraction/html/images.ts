/** Images of a page: which of them can be had, and the text that stands for each. */
import type { ImageList } from '../image-list.js'
import type { Beside } from '../parsed.js'
import { type Element, squeezed } from './dom.js'

const TEXT = 'data-clara-text'

/** In the order of the page, before anything is moved. */
export async function markImages(body: Element, list: ImageList, beside: Beside | undefined): Promise<void> {
  for (const image of body.querySelectorAll('img')) {
    const address = image.getAttribute('src') ?? ''
    const near = beside && !/^\s*data:/i.test(address) ? await beside(address) : undefined
    const mark = near ? list.add(near) : (list.addDataUrl(address) ?? '')
    const label = hasCaption(image) ? '' : squeezed(image.getAttribute('alt') ?? '')
    const texts = [label, mark].filter((text) => text !== '')
    image.setAttribute(TEXT, mark === '' ? label : `\n\n${texts.join('\n\n')}\n\n`)
  }
}

export function imageText(image: Element): string {
  return image.getAttribute(TEXT) ?? ''
}

function hasCaption(image: Element): boolean {
  for (let parent = image.parentElement; parent; parent = parent.parentElement) {
    if (parent.getAttribute('data-captioned') !== null) return true
  }
  return false
}
