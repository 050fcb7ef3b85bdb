"""What may become of a party's request (`request.answered`), by the name events carry, in Chinese words."""

FINAL = {
    "accepted": "受理",
    "refused": "不予受理",
    "upheld": "异议成立",
    "rejected": "异议不成立",
    "granted": "准予修复",
    "not-granted": "不予修复",
    "moot": "名单已终止公示",
}
ON_THE_WAY = {
    "material-requested": "需补正材料",
    "extended": "延长办理期限",
}
"""What may happen before."""
OUTCOMES = FINAL | ON_THE_WAY
