from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from textsiam.data.rows import open_rows


def test_streaming_text_files_needs_only_the_base_install(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text_a,text_b\nx,y\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text_a": "x", "text_b": "y"}\n', encoding="utf-8")
    program = (
        "import sys\n"
        "for name in ('pyarrow', 'datasets', 'scipy', 'pandas', 'torch'): sys.modules[name] = None\n"
        "from textsiam.data.rows import open_rows\n"
        "from textsiam.data.texts import iter_texts\n"
        "import textsiam.data.pairs, textsiam.data.read, textsiam.data.split, textsiam.data.components\n"
        "for path in sys.argv[1:]:\n"
        "    assert [row.cells for row in open_rows(path, need_label=False)] == [['x', 'y']]\n"
        "assert list(iter_texts(sys.argv[1:])) == ['x', 'y'] * 2\n"
    )
    files = [str(tmp_path / "a.csv"), str(tmp_path / "b.jsonl")]
    subprocess.run([sys.executable, "-c", program, *files], check=True)


def test_columns_may_be_the_texts_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("left,right\nx,y\n", encoding="utf-8")
    assert open_rows(str(path), columns=("left", "right"), need_label=False).places == (0, 1, None)
