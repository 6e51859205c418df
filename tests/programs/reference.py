"""Run programs with the real PyTorch, importing it once: `python reference.py FOLDER PROGRAM...`.

Each program runs in a process of its own, forked from one that has imported torch already (which takes longer than
most programs). What it prints goes to FOLDER/<name>.txt, its exit status to the standard output, a line a program.
"""

import os
import runpy
import sys
import traceback
from pathlib import Path

import torch
import torch._dynamo  # optimizers import it when one is made, which takes longer than most programs


def child(program: Path, printed: Path) -> None:
    """Run one program as `python program` would; never returns."""
    with printed.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        sys.stdout = file
        sys.argv, sys.path[0] = [str(program)], str(program.parent)
        status = 0
        try:
            runpy.run_path(str(program), run_name="__main__")
        except SystemExit as leave:
            status = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
        except BaseException:
            traceback.print_exc()
            status = 1
        file.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    for name in sys.argv[2:]:
        program = Path(name)
        process = os.fork()
        if process == 0:
            os.chdir(folder)
            child(program, folder / f"{program.stem}.txt")
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        print(program.stem, status, flush=True)


if __name__ == "__main__":
    main()
