/** How long work tells whoever is waiting how far it has come. */

/** `done` of `total` units of `what`; called often, so it has to be cheap. */
export type Progress = (what: string, done: number, total: number) => void;

/** For those who do not want to know. */
export const noProgress: Progress = () => {};
