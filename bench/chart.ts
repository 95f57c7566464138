/** A chart of horizontal bars as SVG text. */

export interface BarGroup {
  readonly title: string
  readonly bars: readonly { readonly name: string; readonly value: number }[]
}

const ROW = 20
const LEFT = 170
const WIDTH = 760

export function chart(title: string, groups: readonly BarGroup[]): string {
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)))
  const lines: string[] = [text(10, 24, title, 'font-size="16" font-weight="bold"')]
  let y = 40
  for (const group of groups) {
    lines.push(text(10, y + 16, group.title, 'font-weight="bold"'))
    y += ROW + 4
    for (const { name, value } of group.bars) {
      const width = (value / most) * (WIDTH - LEFT - 70)
      const colour = name === 'sluice' ? '#0a7d5a' : '#9aa5b1'
      lines.push(text(LEFT - 8, y + 13, name, 'text-anchor="end"'))
      lines.push(`<rect x="${LEFT}" y="${y + 2}" width="${width.toFixed(1)}" height="${ROW - 5}" fill="${colour}"/>`)
      lines.push(text(LEFT + width + 6, y + 13, value.toFixed(2), ''))
      y += ROW
    }
    y += 10
  }
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`
  const style = 'font-family="sans-serif" font-size="12"'
  const ground = '<rect width="100%" height="100%" fill="#fff"/>'
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>\n${[ground, ...lines].join('\n')}\n</svg>\n`
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`
}
