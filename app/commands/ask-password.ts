import { createInterface } from "node:readline";
import { CommandError } from "#app/commands/bootstrap.ts";

/**
 * One line from standard input. At a terminal it is asked for twice and not shown; otherwise (a pipe, a file)
 * the first line is taken, without its line end.
 * @throws CommandError when nothing came, the two differ or the person gave up.
 */
export async function askPassword(question: string): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return firstLine(stdin);
  const first = await askHidden(`${question}: `);
  const second = await askHidden("The same again: ");
  if (first !== second)
    throw new CommandError("The two passwords differ. Nothing was changed: run it again.");
  return first;
}

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input })) return line;
  throw new CommandError("No password came on standard input. Pipe it in, or run the command at a terminal.");
}

/** Raw mode keeps the terminal from showing what is typed. */
function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed = "";
    const finish = (end: () => void) => {
      stdin.off("data", read);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      end();
    };
    const read = (chunk: string) => {
      for (const character of chunk) {
        if (character === "\r" || character === "\n") return finish(() => resolve(typed));
        if (character === "\u0003" || character === "\u0004")
          return finish(() => reject(new CommandError("Given up. Nothing was changed.")));
        if (character === "\u007f" || character === "\b") typed = [...typed].slice(0, -1).join("");
        else if (character >= " ") typed += character;
      }
    };
    stdin.on("data", read);
  });
}
