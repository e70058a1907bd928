/** Something that the person at the terminal can mend. The message is one line: what is wrong and what to do. */
export class Trouble extends Error {}
