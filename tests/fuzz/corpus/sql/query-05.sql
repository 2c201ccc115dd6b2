SELECT 1 FROM t GROUP BY GROUPING SETS ((a, b), a, ());
SELECT 1 FROM t GROUP BY ROLLUP (a, (b, c)), CUBE(d, e);
SELECT 1 FROM t GROUP BY grouping sets (rollup(a, b), cube(c), d);
SELECT a FROM t ORDER BY a DESC, b NULLS LAST, c ASC LIMIT 10