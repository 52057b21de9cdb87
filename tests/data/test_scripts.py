from __future__ import annotations

import pytest

from textsiam.data.scripts import script_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("What is this?", "Latin"),
        ("caf\u00e9 \u00df", "Latin"),
        ("\u041f\u0440\u0438\u0432\u0435\u0442 ok", "Cyrillic"),
        ("\u4f60\u597d\u5417", "CJK"),
        ("\u3053\u3093\u306b\u3061\u306f", "Hiragana"),
        ("\u0645\u0631\u062d\u0628\u0627", "Arabic"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947", "Devanagari"),
        ("\U0001f600 123", "no letters"),
        ("12:30", "no letters"),
        ("", "no letters"),
        ("\ud800", "no letters"),
    ],
)
def test_the_script_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script
