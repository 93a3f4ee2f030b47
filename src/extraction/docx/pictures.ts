/** What a drawing shows: images that are in the file, and words that stand in no paragraph. */
import type { Element } from '../html/dom.js'
import { squeezed } from '../html/dom.js'
import type { ImageList } from '../image-list.js'
import type { Archive } from '../zip.js'
import { relationships, xmlPart } from './package.js'

/** Of a `w:drawing`, `w:pict` or `w:object`: marks of its images, and text. */
export function pictureTexts(archive: Archive, part: string, list: ImageList): (drawing: Element) => string {
  const targets = relationships(archive, part)
  const mark = (id: string | null) => {
    const bytes = archive.get(targets.get(id ?? '')?.part ?? '')
    return bytes ? list.add(bytes) : ''
  }
  return (drawing) => {
    const texts: string[] = []
    for (const blip of drawing.getElementsByTagName('a:blip')) texts.push(mark(blip.getAttribute('r:embed')))
    for (const image of drawing.getElementsByTagName('v:imagedata')) {
      texts.push(mark(image.getAttribute('r:id') ?? image.getAttribute('r:pict')))
    }
    for (const path of drawing.getElementsByTagName('v:textpath'))
      texts.push(squeezed(path.getAttribute('string') ?? ''))
    for (const diagram of drawing.getElementsByTagName('dgm:relIds')) {
      texts.push(diagramText(archive, targets.get(diagram.getAttribute('r:dm') ?? '')?.part))
    }
    return texts.filter((text) => text !== '').join(' ')
  }
}

/** The words of a SmartArt graphic, one box after the other. */
function diagramText(archive: Archive, part: string | undefined): string {
  const points = xmlPart(archive, part)?.getElementsByTagName('dgm:pt') ?? []
  return Array.from(points, (point) =>
    squeezed(Array.from(point.getElementsByTagName('a:t'), (t) => t.textContent).join('')),
  )
    .filter((text) => text !== '')
    .join('; ')
}
