"""政府信息公开: what the public page will show, the catalogue of disclosed items, and 依申请公开 requests."""
