/** Elements with text in them. Nothing here takes markup: whatever the data holds is only ever text. */

type Child = Node | string | null;

/** An element with attributes and children; an attribute that is null or false is left out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number | boolean | null>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The value of a `<script type="application/json">`. */
export function readJson<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null') as T;
}

/** Runs once, when the element is about to come into view: what nobody looks at need not be made. */
export function whenNear(target: Element, run: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      run();
    },
    { rootMargin: '600px' },
  );
  observer.observe(target);
}

/** Calls a function when its trigger has been quiet for a moment. */
export function settled(milliseconds: number, run: () => void): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(run, milliseconds);
  };
}

export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

export function grouped(number: number): string {
  return number.toLocaleString('en-US');
}

export function sidRange(first: number, last: number): string {
  return first === last ? `SID ${hex(first)}` : `SIDs ${hex(first)}\u2013${hex(last)}`;
}
