import { type Document, isMap, isNode, isScalar } from 'yaml';

/**
 * Where a setting stands in its file, as an offset: at its value, or at its name if that is all there is
 * of it, or, for a setting that is missing, at the name of the section it is missing in.
 */
export function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  const value = document.getIn(path, true);
  if (isNode(value) && value.range && isScalar(value)) {
    return value.range[0];
  }
  const name = path.at(-1);
  if (name === undefined) {
    return document.contents?.range?.[0] ?? 0;
  }
  return offsetOfName(document, path) ?? offsetOf(document, path.slice(0, -1));
}

/** Of the key of a map, or of an item of a list, which has no name. */
function offsetOfName(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent = document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const item = document.getIn(path, true);
  return isNode(item) ? item.range?.[0] : undefined;
}
