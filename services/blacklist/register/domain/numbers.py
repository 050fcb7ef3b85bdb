"""决定书文号 however they are typed: their brackets and digits have several forms, which mean the same."""

import unicodedata

_BRACKETS = ("〔〕", "()", "\uff08\uff09", "[]", "\uff3b\uff3d", "【】")
_ONE_KIND = str.maketrans(
    {sign: _BRACKETS[0][place] for pair in _BRACKETS for place, sign in enumerate(pair)}
)
_WIDE = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")


def writings(number: str) -> list[str]:
    """As typed, and every usual writing of the same number; what is stored stays as it is."""
    plain = "".join(unicodedata.normalize("NFKC", number).split()).translate(_ONE_KIND)
    kinds = [plain.translate(str.maketrans("〔〕", pair)) for pair in _BRACKETS] if "〔" in plain else [plain]
    return list(dict.fromkeys((number, *kinds, *(each.translate(_WIDE) for each in kinds))))
