/** The names that the text of an image may use for what we add: a class's parent, and the file that the function was written in. */
export const PARENT = '__parent';
export const HERE = '__here';
