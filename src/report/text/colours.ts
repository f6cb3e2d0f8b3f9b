/** The sixteen colours that every terminal has. */

import { Chalk } from 'chalk';

export type Colour = (text: string) => string;

/** Said here, because the types of the package reach as far as this, and those of chalk do not come with it. */
export interface Paint {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly cyan: Colour;
  readonly magenta: Colour;
  readonly yellow: Colour;
  readonly green: Colour & { readonly bold: Colour };
  readonly red: Colour & { readonly bold: Colour };
}

export const COLOURS: Paint = new Chalk({ level: 1 });
