"""The commands, and what becomes of their errors: one line on stderr and an exit code."""

from __future__ import annotations

import os
import shlex
import sys

from cyclopts import App, CycloptsError

import textsiam
from textsiam.cli import INTERRUPTED
from textsiam.cli.complaints import complaint
from textsiam.cli.export_app import export_app, import_app
from textsiam.cli.index_app import index_app
from textsiam.cli.stopped_search import SearchStopped
from textsiam.errors import TextsiamError, TrainingInterrupted

BAD_INPUT = 2

app = App(
    name="textsiam",
    help="Are these two texts the same? Learned from your labelled pairs, answered as a calibrated probability.",
    help_epilogue="Start here: textsiam quickstart",
    version=textsiam.__version__,
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # run says how to resume
    help_format="plaintext",
)
vocab_app = App(name="vocab", help="Build vocabularies.", help_format="plaintext")
app.command(vocab_app)
app.command(index_app)
app.command(export_app)
app.command(import_app)

# Named by path, so that a command's modules are loaded when it is called. That is also why the help stands here.
_COMMANDS = {
    "quickstart": """Train, evaluate, score and find the closest pairs on the built-in sample corpus.

Example: textsiam quickstart""",
    "train": """Train a model on a file of labelled pairs and write its folder.

Example: textsiam train quora.tsv --out models/quora --encoder lstm --head mlp --epochs 4""",
    "distill": """Train a model on labelled pairs and on what a teacher, a model or a file, says of them.

Example: textsiam distill quora.tsv --teacher models/large --out models/small --dev dev.tsv --extra-pairs 0.5""",
    "evaluate": """Evaluate a model on a file of labelled pairs, at the threshold that dev chose.

Example: textsiam evaluate models/quora test.tsv""",
    "score": """Score two texts, or every pair of a file.

Example: textsiam score models/quora "How do I learn Python?" "Best way to learn Python?"

Example: textsiam score models/quora pairs.csv --out scored.csv""",
    "audit": """Look through labelled pairs: contradictions, repeats, leaks, and what the choice of pairs gives away.

Example: textsiam audit quora.tsv --test quora-test.tsv""",
    "compare": """Compare two models on the same labelled pairs: which differences are more than chance.

Example: textsiam compare models/quora models/quora-small test.tsv""",
    "explain": """Tell what each word of two texts adds to the log odds that they are the same.

Example: textsiam explain models/quora "How do I learn Python?" "Best way to learn Java?"
""",
    "duplicates": """Find which texts of a file are the same, as groups and as pairs, or the same as texts of another.

Example: textsiam duplicates models/quora questions.csv --out grouped.csv --threshold 0.95

Example: textsiam duplicates models/quora questions.txt --out grouped.csv --pairs found.csv --linkage complete

Example: textsiam duplicates models/quora new.csv --against answered.csv --out matched.csv""",
    "threshold": """Show what dev promises of a model's thresholds, or choose one, for a precision, a recall or costs.

Example: textsiam threshold models/quora

Example: textsiam threshold models/quora --precision 0.95 --set""",
    "shrink": """Store a model's weights in half or a quarter of their size, and measure what that costs.

Example: textsiam shrink models/quora --weights int8 --out models/quora-small --pairs dev.tsv""",
}
for _name, _help in _COMMANDS.items():
    app.command(f"textsiam.cli.{_name}:{_name}", name=_name, help=_help)
vocab_app.command(
    "textsiam.cli.vocab:build",
    name="build",
    help="""Build a vocabulary from pair files and text files.

Example: textsiam vocab build quora.tsv extra.txt.gz --size 16000 --type unigram --out vocab/mine.model""",
)


def run(given: list[str]) -> int:
    """Run the command line; returns the exit code, and raises KeyboardInterrupt where there is nothing to resume."""
    try:
        app(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _say(BAD_INPUT, complaint(error))
    except TextsiamError as error:
        return _say(BAD_INPUT, str(error))
    except (TrainingInterrupted, SearchStopped) as interrupt:
        return _say(INTERRUPTED, _how_to_resume(interrupt, given))
    except BrokenPipeError:
        # The reader of our output has gone (as with "| head"): nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT
    except OSError as error:
        return _say(BAD_INPUT, f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return 0


def _say(code: int, message: str) -> int:
    line = " ".join(message.split())
    print(f"textsiam: {line}", file=sys.stderr)
    return code


def _how_to_resume(interrupt: TrainingInterrupted | SearchStopped, given: list[str]) -> str:
    what = "what was found" if isinstance(interrupt, SearchStopped) else "the checkpoint"
    if interrupt.run_folder is None or given[0] not in ("train", "distill", "duplicates"):
        return "interrupted; nothing was kept"
    command = shlex.join(["textsiam", *given, *([] if "--resume" in given else ["--resume"])])
    return f"interrupted; {what} is kept in {interrupt.run_folder}; go on with: {command}"
