SELECT a.id, b.tags FROM input a JOIN other b1 LIMIT 3
