SELECT * FROM `my table`, `join`;
SELACT * FROM (SELECT a FROM t) AS x (y);
SELECT * FROM (VALUES (1), (2)) AS t (n);
SELECT * FROM ((SELEC¬è1) UNION (SELECT 2)) x