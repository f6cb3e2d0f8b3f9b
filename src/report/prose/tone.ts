/** How a thing is to be taken. Colours follow it, and never say anything that words do not. */
export type Tone = 'good' | 'bad' | 'warn' | 'unknown' | 'plain';
