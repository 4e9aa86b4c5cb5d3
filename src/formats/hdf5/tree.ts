import { damagedHdf5, type Hdf5Source } from "./source.ts";

/** A leaf of a tree: the key before it, and where it leads. */
export interface TreeLeaf {
  readonly key: Uint8Array;
  readonly child: number;
}

/** What a tree holds. */
export interface TreeKind {
  /** 0: tables of a group; 1: chunks of a data set. */
  readonly type: 0 | 1;
  /** Bytes of a key. */
  readonly keyBytes: number;
  /** File and path, for errors. */
  readonly where: string;
}

/** The leaves of a B-tree of version 1, in order. Every node may be met once: a tree is no circle. */
export function walkTree(source: Hdf5Source, root: number, kind: TreeKind): TreeLeaf[] {
  const { type, keyBytes, where } = kind;
  const leaves: TreeLeaf[] = [];
  const seen = new Set<number>();
  const open = [{ address: root, level: -1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next.address)) throw damagedHdf5("its tree runs in a circle", where);
    seen.add(next.address);
    const node = source.at(next.address, where);
    node.signature("TREE", "a node of its tree");
    const ownType = node.uint8("a node of its tree");
    const level = node.uint8("a node of its tree");
    if (ownType !== type || (next.level >= 0 && level !== next.level)) {
      throw damagedHdf5("a node of its tree is of another tree", where);
    }
    const count = node.uint16("the number of entries of a node");
    node.skip(2 * source.offsetSize, "a node of its tree");
    const children: TreeLeaf[] = [];
    for (let index = 0; index < count; index++) {
      source.step();
      const key = node.take(keyBytes, "a key of its tree");
      children.push({ key, child: node.definedAddress("a node of its tree") });
    }
    if (level === 0) leaves.push(...children);
    else {
      // The first is taken next: from the end.
      for (const { child } of children.reverse()) open.push({ address: child, level: level - 1 });
    }
  }
  return leaves;
}
