"""Cases: one 认定 of one subject on one list, from draft to published and away again."""
