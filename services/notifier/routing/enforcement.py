"""What an end, or a new beginning, of a listing means to those who apply measures because of it."""

STOP, RESUME = "enforcement.stop", "enforcement.resume"
CAUSES = {
    "case.removed": (STOP, "移出名单"),
    "case.expired": (STOP, "公示期满"),
    "case.revoked": (STOP, "撤销列入决定"),
    "case.suspended": (STOP, "紧急暂停公示"),
    "case.shielded": (STOP, "依法屏蔽"),
    "case.unshielded": (RESUME, "恢复公示"),
    "case.restored": (RESUME, "恢复列入"),
    "case.suspension-lapsed": (RESUME, "紧急暂停公示逾期未确认，恢复公示"),
}
FIELDS = {
    "housing-security": "保障性安居工程建设与保障性住房分配",
    "rural-housing": "农村危房改造",
    "government-procurement": "政府采购",
    "engineering-tendering": "工程建设项目招标投标",
    "land-transfer": "国有土地使用权出让",
    "mining-rights": "矿业权出让",
    "state-assets": "国有产权交易",
    "forestry-rights": "林业产权交易",
    "emission-rights": "排污权交易",
    "work-safety": "安全生产",
    "product-quality": "产品质量",
    "tax": "税收征管",
    "health": "医疗卫生",
    "spot-check": "随机抽查",
    "other": "其他领域",
}
"""领域 by their codes, as the blacklist service names them."""
