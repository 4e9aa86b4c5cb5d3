import { isDark } from "../../theme.ts";
import { cssColour } from "../../ui/colour.ts";
import { cellText, numberText } from "./numbers.ts";

interface NumberGridProps {
  readonly caption: string;
  /** Row by row. */
  readonly values: readonly (readonly number[])[];
  /** The value with the strongest colour. */
  readonly limit: number;
  /** Cells that lie in the padding. */
  readonly padded?: readonly (readonly boolean[])[];
  /** A cell that is outlined. */
  readonly marked?: { readonly row: number; readonly column: number } | null;
}

/** Numbers of a window, each on the colour of its value. */
export function NumberGrid({ caption, values, limit, padded, marked = null }: NumberGridProps) {
  const dark = isDark.value;
  return (
    <figure class="number-grid">
      <figcaption>{caption}</figcaption>
      <table>
        <tbody>
          {values.map((row, y) => (
            <tr key={y}>
              {row.map((value, x) => {
                const share = limit === 0 ? 0 : value / limit;
                const outside = padded?.[y]?.[x] === true;
                const names = [
                  ...(outside ? ["padding"] : []),
                  ...(marked?.row === y && marked.column === x ? ["marked"] : []),
                ];
                return (
                  <td
                    key={x}
                    class={names.join(" ")}
                    title={outside ? "padding: 0" : numberText(value, 5)}
                    style={
                      outside ? undefined : { background: cssColour(share, dark), color: inkOn(share, dark) }
                    }
                  >
                    {outside ? "·" : cellText(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

/** Ink that can be read on the colour of a share. */
function inkOn(share: number, dark: boolean): string {
  const strong = Math.abs(share) > (dark ? 0.62 : 0.5);
  return strong === dark ? "#14171c" : "#f7f8fa";
}
