"""Names of made-up organisations with the skew of real ones, and questions about them.

Few brands, trades and cities are frequent and most are rare (Zipf); a third are 个体工商户; no two are alike.
A third of the trades are words our own vocabulary does not know. Nothing here is a real register.
"""

import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from opencc import OpenCC

from services.blacklist.register.domain.names.keys import full_key
from services.blacklist.register.domain.names.sound import sound
from shared.regions import all_regions

try:
    from pypinyin import lazy_pinyin
except ImportError:  # an independent ear, where there is one
    lazy_pinyin = None

SIGNS = (
    "华鑫盛源宏达瑞丰泰恒通安信德隆金龙天地海东方中正兴旺成业荣昌福顺和美佳嘉润康健力强远大博文志诚仁义礼智新创"
    "科腾飞翔鹏程锦绣江山河川林森木水火土石玉宝珠光明辉煌星月日升阳春秋冬夏梅兰竹菊松柏青绿红蓝白云雨雪风雷"
    "电力工同心合利益万千百年长久永固坚实业精益求真善美乐欢喜庆祥瑞吉凯旋胜捷迅速达至尊贵族皇帝王子公民众联"
    "合团结友爱国家乡情亲缘聚汇集英才俊杰豪雄伟业奇迹传承继往开来启迪智慧思维创意源泉活力动感时代先锋前沿卓越"
)
OWN_TRADES = [
    "新材料", "精密五金", "环保建材", "智慧城市", "装配式建筑", "防火门", "石墨烯", "净化工程",
    "体育设施", "标识标牌", "舞台设备", "特种陶瓷", "电动工具", "通风设备", "数字创意", "保鲜冷链",
    "苗圃", "沉香", "瓷砖美缝", "管网清淤", "高空清洗", "白蚁防治", "水处理剂", "应急救援", "路灯杆",
]  # fmt: skip
KNOWN_TRADES = [
    "贸易", "商贸", "科技", "建筑工程", "建设工程", "装饰工程", "物流", "电子商务", "信息技术",
    "餐饮管理", "劳务", "房地产开发", "物业服务", "机械设备", "建材", "园林绿化", "环保科技", "食品",
    "汽车销售", "文化传媒", "广告", "医疗器械", "农业开发", "市政工程", "企业管理咨询", "电力工程",
    "网络科技", "运输", "化工", "服饰", "水利工程", "人力资源", "投资管理", "生物科技", "机电设备",
    "钢结构", "家具", "印刷", "教育咨询", "消防工程", "旅游开发", "纺织", "五金", "包装材料",
    "软件开发", "设备租赁", "酒店管理", "塑料制品", "矿业", "新能源", "煤炭", "养殖", "检测", "测绘",
    "监理", "造价咨询", "公路工程", "保洁", "保安服务",
]  # fmt: skip
COMPANY_FORMS = (
    ("有限公司", 70),
    ("有限责任公司", 12),
    ("股份有限公司", 4),
    ("集团有限公司", 4),
    ("分公司", 0),
)
SMALL = (
    ("烧烤店", 6), ("餐馆", 4), ("超市", 8), ("便利店", 6), ("商行", 12), ("建材经营部", 8),
    ("五金店", 8), ("汽车维修部", 3), ("理发店", 5), ("服装店", 8), ("水果店", 5), ("诊所", 2),
    ("加工厂", 4), ("家具厂", 2), ("种植专业合作社", 3), ("家庭农场", 2), ("工程队", 1), ("药房", 2),
    ("面馆", 4), ("广告制作部", 2), ("咨询中心", 2), ("设计工作室", 2),
)  # fmt: skip


class Skewed:
    """Picks from a list with Zipf's weights 1/(rank+shift)^power."""

    def __init__(self, items: Sequence[Any], power: float = 1.0, shift: float = 2.0) -> None:
        self.items = items
        self.sums = list(accumulate(1 / (rank + shift) ** power for rank in range(len(items))))

    def pick(self, rng: random.Random) -> Any:
        return self.items[bisect(self.sums, rng.random() * self.sums[-1])]


@dataclass(frozen=True, slots=True)
class Name:
    """A name and the parts it was made of; `order` says where the place stands."""

    region: str
    brand: str
    trade: str
    form: str
    order: str = "front"

    @property
    def text(self) -> str:
        if self.order == "end":
            return f"{self.brand}{self.trade}（{self.region}）{self.form}"
        if self.order == "middle":
            return f"{self.brand}（{self.region}）{self.trade}{self.form}"
        return f"{self.region}{self.brand}{self.trade}{self.form}"


class Generator:
    """Distinct names under a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        regions = list(all_regions())
        cities = [each for each in regions if each.level == "city" and each.name.endswith("市")]
        counties = [each for each in regions if each.level == "county" and each.name not in {"市辖区", "县"}]
        rng.shuffle(cities)
        self.cities = Skewed([each.name for each in cities], 0.7, 5)
        self.within = {
            each.name: [c.name for c in counties if c.code[:4] == each.code[:4]] for each in cities
        }
        signs = list(dict.fromkeys(SIGNS))
        rng.shuffle(signs)
        self.signs = Skewed(signs, 0.6, 10)
        popular = [self._signs(2) for _ in range(3000)]
        self.popular = Skewed(list(dict.fromkeys(popular)), 0.9, 3)
        trades = KNOWN_TRADES + OWN_TRADES
        rng.shuffle(trades)
        self.trades = Skewed(trades, 0.8, 4)
        self.families = Skewed(list("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"), 0.8, 3)

    def _signs(self, count: int) -> str:
        return "".join(self.signs.pick(self.rng) for _ in range(count))

    def _brand(self) -> str:
        draw = self.rng.random()
        if draw < 0.45:
            return str(self.popular.pick(self.rng))
        return self._signs(2 if draw < 0.72 else 3 if draw < 0.92 else 4)

    def _region(self) -> tuple[str, bool]:
        city = self.cities.pick(self.rng)
        county = self.rng.random()
        if county < 0.2 and self.within[city]:
            return city + self.rng.choice(self.within[city]), True
        return (city if county < 0.45 else city.removesuffix("市")), False

    def _small(self) -> Name:
        city = self.cities.pick(self.rng)
        inner = self.within[city]
        region = city + self.rng.choice(inner) if inner and self.rng.random() < 0.6 else city
        if inner and self.rng.random() < 0.3:
            region = self.rng.choice(inner)
        brand = self._brand()
        if self.rng.random() < 0.3:
            brand = f"{self.rng.choice('老小阿')}{self.families.pick(self.rng)}" + self.rng.choice(
                ["", "记", "家"]
            )
        words = [each for each, _ in SMALL]
        tail = self.rng.choices(words, [weight for _, weight in SMALL])[0].removeprefix("")
        return Name(region, brand, "", tail)

    def one(self) -> Name:
        if self.rng.random() < 0.33:
            return self._small()
        region, _ = self._region()
        form = self.rng.choices([f for f, _ in COMPANY_FORMS], [w for _, w in COMPANY_FORMS])[0]
        order = self.rng.choices(["front", "end", "middle"], [90, 5, 5])[0]
        return Name(region, self._brand(), self.trades.pick(self.rng), form, order)

    def names(self, count: int) -> Iterator[Name]:
        seen: set[str] = set()
        while len(seen) < count:
            made = self.one()
            key = full_key(made.text)
            if key not in seen:
                seen.add(key)
                yield made


_TRADITIONAL = OpenCC("s2t")


def _changed(name: Name, rng: random.Random, change: Callable[[str, int], str]) -> str:
    """One place outside the form is changed; names with moved places keep their order."""
    text = name.text
    end = len(text) - len(name.form)
    if not name.trade:  # the form of a small firm says what it sells: only its last sign stays
        end = len(text) - 1
    places = [at for at in range(end) if text[at] not in "（）"]
    return change(text, rng.choice(places))


def sub1(name: Name, rng: random.Random) -> str:
    def change(text: str, at: int) -> str:
        other = rng.choice([sign for sign in SIGNS if sign != text[at]])
        return text[:at] + other + text[at + 1 :]

    return _changed(name, rng, change)


def del1(name: Name, rng: random.Random) -> str:
    return _changed(name, rng, lambda text, at: text[:at] + text[at + 1 :])


def dropform(name: Name, _: random.Random) -> str:
    if name.order == "end":
        return f"{name.brand}{name.trade}（{name.region}）"
    return name.text.removesuffix(name.form)


def core(name: Name, _: random.Random) -> str:
    return name.brand + name.trade


def swap(name: Name, _: random.Random) -> str:
    order = "front" if name.order == "end" else "end"
    return Name(name.region, name.brand, name.trade, name.form, order).text


def sound_of(name: Name) -> str:
    """Pinyin as pypinyin writes it where that is installed, else by our own table."""
    return (
        "".join(lazy_pinyin(full_key(name.text), v_to_u=False))
        if lazy_pinyin
        else sound(full_key(name.text))[0]
    )


KINDS: dict[str, Callable[[Name, random.Random], str]] = {
    "exact": lambda name, _: name.text,
    "sub1": sub1,
    "del1": del1,
    "dropform": dropform,
    "core": core,
    "swap": swap,
    "trad": lambda name, _: str(_TRADITIONAL.convert(name.text)),
    "fullwidth": lambda name, _: " ".join(name.text.replace("（", "(").replace("）", ")")),
    "pinyin": lambda name, _: sound_of(name),
}
"""Questions made from a name; a former name is asked as it is."""


def near_miss(name: Name, generator: Generator) -> Name:
    """Same place, trade and form, another brand."""
    return Name(name.region, generator._brand(), name.trade, name.form, name.order)
