/** Milliseconds as the log has them: to a tenth. */
export const tenths = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
