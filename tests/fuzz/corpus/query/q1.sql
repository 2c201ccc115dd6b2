SELECT a.id, b.tags FROM input a JOIN other b ON a.id = b.id WHERE a.v > 3 AND b.id < 9 ORDER BY 1 LIMIT 3
