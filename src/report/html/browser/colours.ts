/** The colours of the style sheet, for what is drawn instead of being made of elements. */

export type Colours = Readonly<Record<'bad' | 'unknown' | 'line' | 'text' | 'quiet' | 'ground' | 'accent', string>>;

export function currentColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    bad: of('bad'),
    unknown: of('unknown'),
    line: of('line'),
    text: of('text'),
    quiet: of('quiet'),
    ground: of('ground'),
    accent: of('accent'),
  };
}

/** Calls back when the window goes from light to dark or back, and when it is printed, which is always light. */
export function onColourChange(run: () => void): void {
  for (const query of ['(prefers-color-scheme: dark)', 'print']) matchMedia(query).addEventListener('change', run);
}
